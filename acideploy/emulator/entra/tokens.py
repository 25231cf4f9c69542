"""The tokens of Microsoft Entra, with the claims that Azure's clients read."""

from __future__ import annotations

import secrets
from typing import Any

from acideploy.emulator.cloud import CLIENT, OBJECT, TENANT, Cloud, new_id

# An access token is valid for about this long, a refresh token for 90 days. Seconds.
ACCESS_LIFETIME = 3599
REFRESH_LIFETIME = 90 * 24 * 3600
REFRESH_AUDIENCE = "refresh"


def access_token(
    cloud: Cloud, audience: str, *, client: str = CLIENT, principal: str = OBJECT
) -> str:
    """A token for `audience` (a resource, as `https://management.azure.com/`), version 1.0."""
    now = int(cloud.clock.client_now().timestamp())
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{TENANT}/",
        "iat": now,
        "nbf": now,
        "exp": now + ACCESS_LIFETIME,
        "aio": secrets.token_urlsafe(24),
        "appid": client,
        "appidacr": "1",
        "idp": f"https://sts.windows.net/{TENANT}/",
        "idtyp": "app",
        "oid": principal,
        "sub": principal,
        "tid": TENANT,
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0",
    }
    return cloud.signer.sign(claims)


def refresh_token(cloud: Cloud, *, client: str, principal: str) -> str:
    now = int(cloud.clock.client_now().timestamp())
    return cloud.signer.sign(
        {
            "aud": REFRESH_AUDIENCE,
            "iat": now,
            "exp": now + REFRESH_LIFETIME,
            "appid": client,
            "oid": principal,
            "tid": TENANT,
            "jti": new_id(),
        }
    )


def token_answer(
    cloud: Cloud, audience: str, *, client: str = CLIENT, principal: str = OBJECT
) -> dict[str, Any]:
    """The body of an answer with an access token, as of the v2.0 endpoint."""
    return {
        "token_type": "Bearer",
        "expires_in": ACCESS_LIFETIME,
        "ext_expires_in": ACCESS_LIFETIME,
        "access_token": access_token(cloud, audience, client=client, principal=principal),
    }
