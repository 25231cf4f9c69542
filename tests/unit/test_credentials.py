"""Logins are found where `docker login` keeps them, and in variables."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from acideploy.credentials import Tokens, credential_for, password_in
from acideploy.registry.authentication import TOKEN_USER, Entra, Password

HOST = "contoso.azurecr.io"


@pytest.fixture
def login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of `docker login`, which is not there yet."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "config.json"


def encoded(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


def test_variables_name_both_or_nothing() -> None:
    both = {"ACIDEPLOY_REGISTRY_USERNAME": "u", "ACIDEPLOY_REGISTRY_PASSWORD": "p"}
    assert password_in(both) == Password(username="u", password="p")
    for name in both:
        assert password_in({**both, name: ""}) is None
        assert password_in({name: "x"}) is None


def test_a_login_of_docker_is_used_for_its_host_alone(login: Path) -> None:
    login.write_text(json.dumps({"auths": {HOST: {"auth": encoded("u:p:q")}}}))
    assert credential_for(HOST) == Password(username="u", password="p:q")
    assert isinstance(credential_for("other.azurecr.io"), Entra)


def test_a_token_of_az_acr_login_is_used(login: Path) -> None:
    login.write_text(json.dumps({"auths": {HOST: {"identitytoken": "token", "auth": ""}}}))
    assert credential_for(HOST) == Password(username=TOKEN_USER, password="token")


def test_docker_hub_is_known_by_its_old_name(login: Path) -> None:
    old = "https://index.docker.io/v1/"
    login.write_text(json.dumps({"auths": {old: {"auth": encoded("u:p")}}}))
    assert credential_for("registry-1.docker.io") == Password(username="u", password="p")


def test_a_helper_program_is_asked(login: Path) -> None:
    login.write_text(json.dumps({"credHelpers": {HOST: "ours"}}))
    helper = login.parent / "docker-credential-ours"
    helper.write_text('#!/bin/sh\necho \'{"Username": "u", "Secret": "p", "ServerURL": "x"}\'\n')
    helper.chmod(0o755)
    assert credential_for(HOST) == Password(username="u", password="p")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"credsStore": "missing"}',
        '{"auths": {"contoso.azurecr.io": {}}}',
        '{"auths": {"contoso.azurecr.io": {"auth": "x"}}}',
        '{"auths": {"contoso.azurecr.io": {"auth": "bm8gY29sb24="}}}',
        '{"auths": ["contoso.azurecr.io"]}',
    ],
)
def test_without_a_login_of_docker_that_of_az_is_left(login: Path, content: str) -> None:
    login.write_text(content)
    assert isinstance(credential_for(HOST), Entra)


@dataclass
class StandingClock:
    time: datetime = datetime(2024, 10, 29, tzinfo=timezone.utc)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Token:
    token: str
    expires_on: float


@dataclass
class Az:
    """Runs for every token it is asked for, as `az` does; each lasts an hour."""

    clock: StandingClock
    scopes: list[str] = field(default_factory=list)

    def get_token(self, scope: str) -> Token:
        self.scopes.append(scope)
        expires = self.clock.now().timestamp() + 3600
        return Token(token=f"{scope} {len(self.scopes)}", expires_on=expires)


def test_az_is_run_once_for_each_audience_however_many_ask() -> None:
    clock = StandingClock()
    az = Az(clock)
    tokens = Tokens(az, clock=clock)
    with ThreadPoolExecutor(max_workers=8) as threads:
        found = list(threads.map(tokens.get, ["manager", "registry"] * 20))
    assert sorted(az.scopes) == ["manager", "registry"]
    assert len(set(found)) == 2


def test_a_token_is_renewed_before_it_ends() -> None:
    clock = StandingClock()
    tokens = Tokens(Az(clock), clock=clock)
    first = tokens.get("manager")
    clock.sleep(3200)
    assert tokens.get("manager") == first
    clock.sleep(200)
    assert tokens.get("manager") != first
