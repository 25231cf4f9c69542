"""Who may do what with the secrets of a vault."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from acideploy.emulator.cloud import TENANT, Cloud
from acideploy.emulator.signer import TokenError
from acideploy.emulator.store import Document
from acideploy.emulator.traffic import fault
from acideploy.emulator.vault.errors import VaultError

AUDIENCE = "https://vault.azure.net"


def read_token(cloud: Cloud, request: Request) -> dict[str, Any]:
    """The claims of the caller's token. Raises VaultError (401) with the challenge."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _challenge(cloud, request, "AKV10000: Request is missing a Bearer or PoP token.")
    try:
        claims = cloud.signer.read(token, now=cloud.clock.client_now())
    except TokenError as error:
        raise _challenge(
            cloud, request, f"AKV10032: Error validating token: {error}.", "invalid_token"
        ) from error
    if fault(request, "expiredToken"):
        raise _challenge(
            cloud, request, "AKV10032: Error validating token: it expired.", "invalid_token"
        )
    audience = str(claims.get("aud", "")).rstrip("/")
    if audience not in (AUDIENCE, f"https://{request.headers['host']}", resource(request)):
        raise _challenge(
            cloud,
            request,
            f"AKV10022: Invalid audience. Expected {AUDIENCE}, found: {audience}.",
            "invalid_token",
        )
    return claims


def resource(request: Request) -> str:
    """What a token is to be asked for.

    Azure's clients make sure that the vault's host lies below that of the resource, as
    `name.vault.azure.net` does. `localhost` lies below nothing, so there they have to be told not
    to look (`verify_challenge_resource=False`); `127.0.0.1` lies below `0.0.1`.
    """
    host = request.headers["host"]
    return f"https://{host.partition('.')[2]}" if host.startswith("127.") else AUDIENCE


def check_permission(vault: Document, claims: dict[str, Any], permission: str) -> None:
    """Raises VaultError (403) where the vault has access policies and none is for the caller.

    With roles in place of policies everyone may do everything.
    """
    properties = vault["properties"]
    if properties.get("enableRbacAuthorization"):
        return
    for policy in properties["accessPolicies"]:
        if str(policy.get("objectId", "")).lower() == claims.get("oid"):
            granted = (policy.get("permissions") or {}).get("secrets") or ()
            if {"all", permission} & {str(each).lower() for each in granted}:
                return
    who = ";".join(f"{name}={claims.get(name)}" for name in ("appid", "oid", "iss"))
    raise VaultError(
        403,
        "Forbidden",
        f"The user, group or application '{who}' does not have secrets {permission} permission on "
        f"key vault '{vault['name']};location={vault['location']}'. For help resolving this issue, "
        "please see https://go.microsoft.com/fwlink/?linkid=2125287",
        inner="AccessDenied",
    )


def _challenge(cloud: Cloud, request: Request, message: str, error: str = "") -> VaultError:
    challenge = f'Bearer authorization="{cloud.url}/{TENANT}", resource="{resource(request)}"'
    if error:
        challenge += f', error="{error}"'
    return VaultError(401, "Unauthorized", message, headers={"www-authenticate": challenge})
