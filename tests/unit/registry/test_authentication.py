"""Challenges are read as registries write them, and tokens kept for as long as they are good."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timezone

import pytest

from acideploy.errors import RegistryError
from acideploy.registry.authentication import (
    Challenge,
    Credential,
    Entra,
    Password,
    Tokens,
    parse_challenge,
)

SCOPE = ("repository:models/iris:pull",)
BEARER = 'Bearer realm="https://contoso.azurecr.io/oauth2/token",service="contoso.azurecr.io"'
START = datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()


class SetClock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.seconds = START

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, tz=timezone.utc)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Service:
    """Gives tokens, and remembers what it was asked for."""

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        self.asked: list[tuple[str, str, Mapping[str, str], Mapping[str, str] | None]] = []

    def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> bytes:
        self.asked.append((method, url, headers, form))
        number = len(self.asked)
        return json.dumps(
            {"refresh_token": "r", "access_token": f"t{number}", **self.fields}
        ).encode()


def tokens_for(credential: Credential, service: Service, clock: SetClock | None = None) -> Tokens:
    return Tokens("contoso.azurecr.io", lambda: credential, send=service, clock=clock or SetClock())


def web_token(expires: float) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": expires}).encode()).decode().rstrip("=")
    return f"head.{claims}.signature"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Basic realm="x"', Challenge(scheme="basic")),
        ("basic", Challenge(scheme="basic")),
        (
            'Bearer realm="https://a/t",service="a",scope="repository:b:pull,push"',
            Challenge(
                scheme="bearer", realm="https://a/t", service="a", scope="repository:b:pull,push"
            ),
        ),
        ('bearer realm="https://a/t"', Challenge(scheme="bearer", realm="https://a/t")),
        ('Bearer service="a"', None),
        ('Negotiate realm="x"', None),
        ("", None),
    ],
)
def test_a_challenge_is_read(header: str, expected: Challenge | None) -> None:
    assert parse_challenge(header) == expected


def test_nothing_is_sent_before_it_is_asked_for() -> None:
    service = Service()
    assert tokens_for(Password(username="u", password="p"), service).header(SCOPE) is None
    assert service.asked == []


def test_a_password_is_shown_to_the_token_service() -> None:
    service = Service()
    tokens = tokens_for(Password(username="u", password="p:ä"), service)
    assert tokens.challenged(BEARER, SCOPE) == "Bearer t1"
    [(method, url, headers, form)] = service.asked
    assert (method, form) == ("GET", None)
    assert url == (
        "https://contoso.azurecr.io/oauth2/token?service=contoso.azurecr.io"
        "&scope=repository%3Amodels%2Firis%3Apull"
    )
    sent = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    assert sent == "u:p:ä"


def test_entra_is_exchanged_once_and_then_refreshed() -> None:
    service = Service(refresh_token=web_token(START + 10_000))
    tokens = tokens_for(Entra(token=lambda: "entra"), service)
    tokens.challenged(BEARER, SCOPE)
    tokens.header(("repository:other:pull",))
    places = [url.rpartition("/")[2] for _, url, _, _ in service.asked]
    assert places == ["exchange", "token", "token"]
    assert service.asked[0][3] == {
        "grant_type": "access_token",
        "service": "contoso.azurecr.io",
        "access_token": "entra",
    }


@pytest.mark.parametrize(
    "realm", ["https://evil.example.org/oauth2/token", "https://contoso.azurecr.io/other"]
)
def test_an_entra_token_goes_nowhere_else(realm: str) -> None:
    service = Service()

    def token() -> str:
        raise AssertionError("it is not to be shown")

    tokens_for(Entra(token=token), service).challenged(f'Bearer realm="{realm}"', SCOPE)
    assert [headers for _, _, headers, _ in service.asked] == [{}]


@pytest.mark.parametrize(
    ("fields", "lifetime"),
    [
        ({"expires_in": 300}, 300),
        ({"expires_in": "300"}, 300),
        ({}, 60),
        ({"expires_in": 1}, 60),
        ({"access_token": web_token(START + 900)}, 900),
    ],
)
def test_a_token_is_used_until_shortly_before_its_end(
    fields: dict[str, object], lifetime: float
) -> None:
    clock, service = SetClock(), Service(**fields)
    tokens = tokens_for(None, service, clock)
    tokens.challenged(BEARER, SCOPE)
    clock.seconds = START + lifetime - 31
    tokens.header(SCOPE)
    assert len(service.asked) == 1
    clock.seconds = START + lifetime - 29
    tokens.header(SCOPE)
    assert len(service.asked) == 2


def test_a_token_that_was_refused_is_not_used_again() -> None:
    service = Service(expires_in=3600)
    tokens = tokens_for(None, service)
    assert tokens.challenged(BEARER, SCOPE) == "Bearer t1"
    assert tokens.header(SCOPE) == "Bearer t1"
    assert tokens.challenged(BEARER, SCOPE) == "Bearer t2"
    assert tokens.header(SCOPE) == "Bearer t2"


def test_where_the_scope_is_not_known_that_of_the_challenge_is_taken() -> None:
    service = Service()
    tokens_for(None, service).challenged(f'{BEARER},scope="registry:catalog:*"', ())
    assert service.asked[0][1].endswith("scope=registry%3Acatalog%3A%2A")


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b"\xff", b'{"access_token": ""}', b"null"])
def test_an_answer_without_a_token_is_told(answer: bytes) -> None:
    tokens = Tokens(
        "contoso.azurecr.io", lambda: None, send=lambda *a, **k: answer, clock=SetClock()
    )
    with pytest.raises(RegistryError, match="answered without a token") as caught:
        tokens.challenged(BEARER, SCOPE)
    assert caught.value.temporary


def test_the_user_is_asked_once() -> None:
    asked: list[None] = []

    def login() -> Credential:
        asked.append(None)
        return Password(username="u", password="p")

    tokens = Tokens("contoso.azurecr.io", login, send=Service(), clock=SetClock())
    for scope in "abc":
        tokens.challenged(BEARER, (scope,))
    assert len(asked) == 1
