"""Who we are to a registry: its challenges, and the tokens that answer them.

https://distribution.github.io/distribution/spec/auth/token/ and, for Microsoft Entra,
https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md. Tokens are kept for as long as they are
valid: the SDK gets a new one for each request, and sends each body twice for that.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol, TypeAlias
from urllib.parse import urlencode, urlsplit

from acideploy.clock import Clock
from acideploy.errors import RegistryError

# The user that stands for a token in the place of a password.
TOKEN_USER = "00000000-0000-0000-0000-000000000000"
# What a registry that says nothing of it means, in seconds (the token specification).
_LIFETIME = 60.0
# A token that ends within this time is not used any more.
_MARGIN = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """A user, an ACR token or the admin user, with its password."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entra:
    """Microsoft Entra: `token` returns an access token for the registry's audience."""

    token: Callable[[], str] = field(repr=False)


# None is anonymous.
Credential: TypeAlias = Password | Entra | None
# Asked once, when a registry wants to know: many do not.
Login: TypeAlias = Callable[[], Credential]


def anonymous() -> Credential:
    return None


class SendForm(Protocol):
    def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> bytes:
        """The body of the answer. Raises RegistryError for any status but 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What `WWW-Authenticate` asks for. A bearer challenge has a realm to get tokens from."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    expires: float


class Tokens:
    """The `Authorization` headers for one registry, host `host`."""

    def __init__(self, host: str, login: Login, *, send: SendForm, clock: Clock) -> None:
        self._host = host
        self._credential = cache(login)
        self._send = send
        self._clock = clock
        self._lock = threading.RLock()
        self._challenge: Challenge | None = None
        self._refresh: _Token | None = None
        self._tokens: dict[tuple[str, ...], _Token] = {}

    def header(self, scopes: tuple[str, ...]) -> str | None:
        """What to send with a request, None while the registry has asked for nothing."""
        with self._lock:
            if self._challenge is None:
                return None
            if self._challenge.scheme == "basic":
                return self._basic()
            return f"Bearer {self._token(self._challenge, scopes)}"

    def challenged(self, header: str, scopes: tuple[str, ...]) -> str | None:
        """The answer to a 401 with that `WWW-Authenticate`; None where there is none."""
        with self._lock:
            self._challenge = parse_challenge(header)
            self._tokens.pop(scopes, None)
            if self._challenge and self._challenge.scheme == "bearer" and not scopes:
                scopes = tuple(self._challenge.scope.split())
            return self.header(scopes)

    def login(self) -> Password | None:
        """What another program can log in with; None where the registry has asked for nothing."""
        with self._lock:
            if self._challenge is None:
                return None
            credential = self._credential()
            if isinstance(credential, Entra) and self._is_acr(self._challenge):
                token = self._refresh_token(self._challenge, credential)
                return Password(username=TOKEN_USER, password=token)
            return credential if isinstance(credential, Password) else None

    def _basic(self) -> str | None:
        credential = self._credential()
        if not isinstance(credential, Password):
            return None
        pair = f"{credential.username}:{credential.password}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    def _token(self, challenge: Challenge, scopes: tuple[str, ...]) -> str:
        known = self._tokens.get(scopes)
        if known is None or not self._is_valid(known):
            known = self._tokens[scopes] = self._new_token(challenge, scopes)
        return known.value

    def _new_token(self, challenge: Challenge, scopes: tuple[str, ...]) -> _Token:
        credential = self._credential()
        if isinstance(credential, Entra) and self._is_acr(challenge):
            form = {
                "grant_type": "refresh_token",
                "service": challenge.service,
                "scope": " ".join(scopes),
                "refresh_token": self._refresh_token(challenge, credential),
            }
            return self._read(self._send("POST", challenge.realm, headers={}, form=form))
        query = [("service", challenge.service), *(("scope", scope) for scope in scopes)]
        headers = {"Authorization": basic} if (basic := self._basic()) else {}
        url = f"{challenge.realm}?{urlencode(query)}"
        return self._read(self._send("GET", url, headers=headers, form=None))

    def _refresh_token(self, challenge: Challenge, credential: Entra) -> str:
        if self._refresh is None or not self._is_valid(self._refresh):
            form = {
                "grant_type": "access_token",
                "service": challenge.service,
                "access_token": credential.token(),
            }
            url = challenge.realm.removesuffix("/token") + "/exchange"
            answer = self._send("POST", url, headers={}, form=form)
            self._refresh = self._read(answer, names=("refresh_token",))
        return self._refresh.value

    def _is_acr(self, challenge: Challenge) -> bool:
        """Whether an Entra token may be shown: to the registry itself, and no other host."""
        realm = urlsplit(challenge.realm)
        return realm.netloc == self._host and realm.path.endswith("/oauth2/token")

    def _is_valid(self, token: _Token) -> bool:
        return token.expires - self._clock.now().timestamp() > _MARGIN

    def _read(self, answer: bytes, *, names: tuple[str, ...] = ("access_token", "token")) -> _Token:
        try:
            fields = json.loads(answer)
            value = next(str(fields[name]) for name in names if fields.get(name))
            now = self._clock.now().timestamp()
            lifetime = float(fields.get("expires_in") or _LIFETIME)
        except (ValueError, TypeError, AttributeError, StopIteration) as error:
            message = f"{self._host} answered without a token"
            raise RegistryError(message, temporary=True) from error
        return _Token(value, _expiry(value) or now + max(lifetime, _LIFETIME))


def parse_challenge(header: str) -> Challenge | None:
    """Reads `Bearer realm="...",service="...",scope="..."` or `Basic realm="..."`."""
    scheme, _, rest = header.partition(" ")
    said = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    if scheme.lower() == "basic":
        return Challenge(scheme="basic")
    if scheme.lower() == "bearer" and said.get("realm"):
        return Challenge(
            scheme="bearer",
            realm=said["realm"],
            service=said.get("service", ""),
            scope=said.get("scope", ""),
        )
    return None


def _expiry(token: str) -> float | None:
    """When a JSON web token ends, in seconds since 1970; None for any other token."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(claims["exp"])
    except (IndexError, ValueError, KeyError, TypeError):
        return None
