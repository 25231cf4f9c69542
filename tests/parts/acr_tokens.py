"""The tokens of Azure Container Registry: who gets which, and whether a request may pass."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.parts.acr_scopes import Identity, Scope, needed_scopes, read_scopes
from tests.parts.traffic import Answer, Request, error_answer, json_answer

# The user of `docker login` whose password is a refresh token.
TOKEN_USER = "00000000-0000-0000-0000-000000000000"
VISIT = "authentication required, visit https://aka.ms/acr/authorization for more information."
BAD_REQUEST = Answer(status=400)


class InvalidTokenError(Exception):
    """A token is not ours, is of the wrong kind, or its time is over."""


@dataclass(kw_only=True)
class Tokens:
    """Issues tokens for the identities it was told of, and checks them.

    `entra` are access tokens of Microsoft Entra, `users` names and passwords of the registry's own
    tokens and its admin user. Lifetimes are in seconds. `refusal` is the status for a request that
    the roles do not allow.
    """

    host: str = ""
    entra: dict[str, Identity] = field(default_factory=dict)
    users: dict[tuple[str, str], Identity] = field(default_factory=dict)
    anonymous: Identity | None = None
    refresh_lifetime: float = 11700
    access_lifetime: float = 4500
    refusal: Literal[401, 403] = 401
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _generation: int = 0

    def expire(self) -> None:
        """Ends the time of all access tokens that were issued so far."""
        self._generation += 1

    def exchange(self, request: Request) -> Answer:
        """`POST /oauth2/exchange`: a refresh token for an access token of Microsoft Entra."""
        form = request.form()
        if form.get("service") != self.host or form.get("grant_type") != "access_token":
            return BAD_REQUEST
        identity = self.entra.get(form.get("access_token", ""))
        return json_answer(200, {"refresh_token": self._refresh(identity)}) if identity else _no()

    def token(self, request: Request) -> Answer:
        """`/oauth2/token`: an access token, with as much of the scope as the identity may have."""
        form = request.query if request.method == "GET" else request.form()
        if form.get("service") != self.host:
            return BAD_REQUEST
        try:
            scopes = read_scopes(form.get("scope", ""))
        except ValueError:
            return BAD_REQUEST
        try:
            identity = self._who(request, form)
        except InvalidTokenError:
            return _no()
        return json_answer(200, {"access_token": self._access(identity, scopes)})

    def check(self, request: Request) -> Answer | None:
        """The refusal of a request; None when it may pass."""
        needed = needed_scopes(request)
        given = request.head.get("authorization")
        if given is None:
            return self._challenge(needed)
        kind, _, credentials = given.partition(" ")
        try:
            if kind == "Basic":
                identity = self._basic(credentials)
                passes = all(identity.allowed(each) == each for each in needed)
            else:
                claims = self._read(credentials, "access_token")
                identity = self._identity(claims)
                passes = all(each.granted(claims["access"]) for each in needed)
        except InvalidTokenError:
            return self._challenge(needed, error="invalid_token")
        if passes:
            return None
        if self.refusal == 403 and any(identity.allowed(each) != each for each in needed):
            return error_answer(403, "DENIED", "requested access to the resource is denied")
        return self._challenge(needed, error="insufficient_scope")

    def _who(self, request: Request, form: Mapping[str, str]) -> Identity:
        authorization = request.head.get("authorization") or ""
        if authorization.startswith("Basic "):
            return self._basic(authorization.removeprefix("Basic "))
        if form.get("grant_type") == "refresh_token":
            return self._identity(self._read(form.get("refresh_token", ""), "refresh_token"))
        if "username" in form:
            return self._user(form["username"], form.get("password", ""))
        if self.anonymous is None:
            raise InvalidTokenError
        return self.anonymous

    def _basic(self, credentials: str) -> Identity:
        try:
            user, _, password = base64.b64decode(credentials).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise InvalidTokenError from error
        return self._user(user, password)

    def _user(self, user: str, password: str) -> Identity:
        if user == TOKEN_USER:
            return self._identity(self._read(password, "refresh_token"))
        if identity := self.users.get((user, password)):
            return identity
        raise InvalidTokenError

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        known = [*self.entra.values(), *self.users.values(), self.anonymous]
        for identity in known:
            if identity and identity.name == claims["sub"]:
                return identity
        raise InvalidTokenError

    def _refresh(self, identity: Identity) -> str:
        permissions = {"actions": ["read", "write", "delete"], "notActions": None}
        own = {"version": "1.0", "permissions": permissions, "grant_type": "refresh_token"}
        return self._sign(identity, self.refresh_lifetime, own)

    def _access(self, identity: Identity, scopes: list[Scope]) -> str:
        access = [identity.allowed(each).claim for each in scopes]
        own = {"version": "2.0", "access": access, "grant_type": "access_token"}
        return self._sign(identity, self.access_lifetime, own)

    def _sign(self, identity: Identity, lifetime: float, own: Mapping[str, Any]) -> str:
        now = time.time()
        header = {"alg": "RS256", "typ": "JWT", "kid": ":".join(["AAAA"] * 12)}
        claims = {
            "jti": secrets.token_hex(16),
            "sub": identity.name,
            "nbf": int(now),
            # Tests have tokens of less than a second.
            "exp": int(now + lifetime) if lifetime >= 5 else now + lifetime,
            "iat": int(now),
            "iss": "Azure Container Registry",
            "aud": self.host,
            "rid": str(self._generation),
            "roles": [],
            **own,
        }
        text = f"{_encode(header)}.{_encode(claims)}"
        return f"{text}.{self._signature(text)}"

    def _read(self, token: str, kind: str) -> dict[str, Any]:
        text, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(text).encode()):
            raise InvalidTokenError
        payload = text.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
        if claims["grant_type"] != kind or claims["exp"] < time.time():
            raise InvalidTokenError
        if kind == "access_token" and claims["rid"] != str(self._generation):
            raise InvalidTokenError
        return claims

    def _signature(self, text: str) -> str:
        return _base64(hmac.digest(self._secret, text.encode(), hashlib.sha256))

    def _challenge(self, needed: list[Scope], *, error: str | None = None) -> Answer:
        parts = {"realm": f"https://{self.host}/oauth2/token", "service": self.host}
        if needed:
            parts["scope"] = " ".join(map(str, needed))
        if error:
            parts["error"] = error
        header = "Bearer " + ",".join(f'{name}="{value}"' for name, value in parts.items())
        detail = [
            {"Type": scope.kind, "Name": scope.name, "Action": action}
            for scope in needed
            for action in scope.actions
        ]
        challenge = ("Www-Authenticate", header)
        return error_answer(401, "UNAUTHORIZED", VISIT, challenge, detail=detail or None)


def _no() -> Answer:
    return error_answer(401, "UNAUTHORIZED", VISIT)


def _encode(content: Mapping[str, Any]) -> str:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
