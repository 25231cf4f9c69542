"""The tokens of a registry: who gets which, and whether a request may pass."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from acideploy.emulator.acr.data.errors import RegistryError
from acideploy.emulator.acr.data.identities import ALL_ACTIONS, Identities, Scopes
from acideploy.emulator.acr.data.scopes import AccessScope
from acideploy.emulator.cloud import Cloud, new_id
from acideploy.emulator.signer import TokenError

# The user of `docker login` whose password is a refresh token.
TOKEN_USER = "00000000-0000-0000-0000-000000000000"
# Seconds.
REFRESH_LIFETIME = 11700
ACCESS_LIFETIME = 4500
_ISSUER = "Azure Container Registry"
_ENTRA_AUDIENCES = (
    "https://containerregistry.azure.net",
    "https://management.azure.com",
    "https://management.core.windows.net",
)
_VISIT = "authentication required, visit https://aka.ms/acr/authorization for more information."
_EVERYTHING = Scopes(grants=(("*", ALL_ACTIONS),))
_READING = Scopes(grants=(("*", frozenset({"pull", "metadata_read"})),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who showed who they are, and what they may do."""

    subject: str
    scopes: Scopes


class Access:
    """Tokens of one registry, `rid` its id."""

    def __init__(self, cloud: Cloud, identities: Identities, rid: str) -> None:
        self._cloud = cloud
        self._identities = identities
        self._rid = rid

    def refresh_token(self, entra_token: str) -> str:
        """For an access token of Microsoft Entra. Raises RegistryError for anything else."""
        claims = self._read(entra_token)
        audience = str(claims.get("aud", "")).rstrip("/")
        if audience not in (*_ENTRA_AUDIENCES, self._cloud.url):
            raise unauthorized()
        return self.refreshing_as(str(claims.get("oid", "")))

    def refreshing_as(self, principal: str) -> str:
        """A refresh token of a principal, by its object id."""
        return self._sign(
            principal,
            REFRESH_LIFETIME,
            version="1.0",
            grant_type="refresh_token",
            permissions={"actions": ["read", "write", "delete"], "notActions": None},
            roles=[],
        )

    def access_token(self, caller: Caller, wanted: Sequence[AccessScope]) -> str:
        """With as much of what is wanted as the caller may do."""
        return self._sign(
            caller.subject,
            ACCESS_LIFETIME,
            version="2.0",
            access=[each.allowed(caller.scopes).claim for each in wanted],
            roles=[],
            grant_type="access_token",
        )

    def refreshing(self, token: str) -> Caller:
        """Whose refresh token it is."""
        claims = self._own(token, "refresh_token")
        return Caller(subject=claims["sub"], scopes=_EVERYTHING)

    def basic(self, credentials: str) -> Caller:
        """Who signs in with a name and a password, as HTTP writes them (RFC 7617)."""
        try:
            username, _, password = base64.b64decode(credentials).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise unauthorized() from error
        return self.user(username, password)

    def user(self, username: str, password: str) -> Caller:
        if username == TOKEN_USER:
            return self.refreshing(password)
        if self._identities.admin(username, password):
            return Caller(subject=username, scopes=_EVERYTHING)
        scopes = self._identities.token(username, password)
        if scopes is None:
            raise unauthorized()
        return Caller(subject=username, scopes=scopes)

    def anonymous(self) -> Caller:
        if not self._identities.anonymous_pull:
            raise unauthorized()
        return Caller(subject="", scopes=_READING)

    def check(
        self, authorization: str | None, needed: Sequence[AccessScope], *, expired: bool = False
    ) -> None:
        """Raises RegistryError, a challenge, unless the request may do all that is needed."""
        if authorization is None:
            raise self._challenge(needed)
        kind, _, credentials = authorization.partition(" ")
        try:
            if expired:
                raise unauthorized()
            if kind.lower() == "basic":
                scopes = self.basic(credentials).scopes
                passes = all(each.allowed(scopes) == each for each in needed)
            else:
                claims = self._own(credentials, "access_token")
                passes = all(each.is_granted(claims["access"]) for each in needed)
        except RegistryError as error:
            raise self._challenge(needed, error="invalid_token") from error
        if not passes:
            raise self._challenge(needed, error="insufficient_scope")

    def _own(self, token: str, kind: str) -> dict[str, Any]:
        claims = self._read(token)
        if claims.get("rid") != self._rid or claims.get("grant_type") != kind:
            raise unauthorized()
        return claims

    def _read(self, token: str) -> dict[str, Any]:
        try:
            return self._cloud.signer.read(token, now=self._cloud.clock.client_now())
        except TokenError as error:
            raise unauthorized() from error

    def _sign(self, subject: str, lifetime: int, **own: Any) -> str:
        now = int(self._cloud.clock.client_now().timestamp())
        claims: Mapping[str, Any] = {
            "jti": new_id(),
            "sub": subject,
            "nbf": now,
            "exp": now + lifetime,
            "iat": now,
            "iss": _ISSUER,
            "aud": self._identities.login_server,
            "version": own.pop("version"),
            "rid": self._rid,
            **own,
        }
        return self._cloud.signer.sign(claims, key_id=_key_id(self._cloud.signer.key_id))

    def _challenge(
        self, needed: Sequence[AccessScope], *, error: str | None = None
    ) -> RegistryError:
        server = self._identities.login_server
        parts = {"realm": f"https://{server}/oauth2/token", "service": server}
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
        return unauthorized(detail=detail or None, headers={"www-authenticate": header})


def unauthorized(*, detail: Any = None, headers: Mapping[str, str] | None = None) -> RegistryError:
    return RegistryError(
        401, "UNAUTHORIZED", _VISIT, detail=detail, has_detail=True, headers=headers
    )


def _key_id(key: str) -> str:
    """Twelve groups of four, as libtrust writes the ids of keys."""
    text = base64.b32encode(hashlib.sha256(key.encode()).digest()[:30]).decode()
    return ":".join(text[i : i + 4] for i in range(0, 48, 4))
