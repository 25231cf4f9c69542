"""The endpoints of Microsoft Entra: OpenID configuration, instance discovery, tokens."""

from __future__ import annotations

import hmac
import json
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from acideploy.emulator.cloud import CLIENT, OBJECT, TENANT, Cloud, long_time, new_id
from acideploy.emulator.entra.tokens import REFRESH_AUDIENCE, refresh_token, token_answer
from acideploy.emulator.signer import TokenError

# Tenants by other names: whoever signs in has only one.
_ALIASES = (TENANT, "common", "organizations", "emulator.onmicrosoft.com")


class EntraError(Exception):
    """An error of the token endpoint (RFC 6749, section 5.2) with its AADSTS number."""

    def __init__(self, status: int, error: str, number: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.number = number
        self.message = message


class Entra:
    """The sign-in of the emulated cloud: one tenant, one service principal, any identity."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def routes(self) -> list[Route]:
        return [
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self._configuration),
            Route("/{tenant}/.well-known/openid-configuration", self._configuration),
            Route("/common/discovery/instance", self._instance),
            Route("/{tenant}/discovery/v2.0/keys", self._keys),
            Route("/{tenant}/discovery/keys", self._keys),
            Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
            Route("/{tenant}/oauth2/token", self._token, methods=["POST"]),
            Route("/common/userrealm/{user}", self._realm),
        ]

    async def _configuration(self, request: Request) -> Response:
        url, asked = self._cloud.url, request.path_params["tenant"].lower()
        if asked not in _ALIASES:
            return self._refusal(_unknown_tenant(asked))
        tenant = TENANT if asked != "organizations" else asked
        base = f"{url}/{tenant}"
        return JSONResponse(
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "private_key_jwt",
                    "client_secret_basic",
                ],
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "response_modes_supported": ["query", "fragment", "form_post"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code", "id_token", "code id_token"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "issuer": f"{base}/v2.0",
                "request_uri_parameter_supported": False,
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "http_logout_supported": True,
                "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
                "claims_supported": ["sub", "iss", "aud", "exp", "iat", "tid", "oid", "ver"],
                "tenant_region_scope": None,
                "cloud_instance_name": self._host(),
                "cloud_graph_host_name": self._host(),
                "msgraph_host": self._host(),
                "rbac_url": url,
            }
        )

    async def _instance(self, request: Request) -> Response:
        host = self._host()
        return JSONResponse(
            {
                "tenant_discovery_endpoint": f"{self._cloud.url}/{TENANT}/v2.0"
                "/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [
                    {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
                ],
            }
        )

    async def _keys(self, request: Request) -> Response:
        return JSONResponse(self._cloud.signer.public_keys())

    async def _realm(self, request: Request) -> Response:
        return JSONResponse(
            {
                "ver": "1.0",
                "account_type": "Managed",
                "domain_name": "emulator.onmicrosoft.com",
                "cloud_instance_name": self._host(),
                "cloud_audience_urn": "urn:federation:MicrosoftOnline",
            }
        )

    async def _token(self, request: Request) -> Response:
        fields = parse_qs((await request.body()).decode("utf-8", "replace"))
        form = {name: values[0] for name, values in fields.items()}
        try:
            return JSONResponse(
                self._grant(request.path_params["tenant"].lower(), form),
                headers={"cache-control": "no-store, no-cache", "pragma": "no-cache"},
            )
        except EntraError as error:
            return self._refusal(error)

    def _grant(self, tenant: str, form: dict[str, str]) -> dict[str, Any]:
        if tenant not in _ALIASES:
            raise _unknown_tenant(tenant)
        audience, kind = _audience(form), form.get("grant_type")
        if kind == "refresh_token":
            client, principal = self._refreshed(form.get("refresh_token", ""))
        elif kind == "client_credentials":
            client, principal = self._client(form), OBJECT
        else:
            raise EntraError(
                400,
                "unsupported_grant_type" if kind else "invalid_request",
                70003 if kind else 900144,
                f"The app requested an unsupported grant type '{kind}'."
                if kind
                else "The request body must contain the following parameter: 'grant_type'.",
            )
        answer = token_answer(self._cloud, audience, client=client, principal=principal)
        if kind == "refresh_token":
            token = refresh_token(self._cloud, client=client, principal=principal)
            answer = {**answer, "scope": form.get("scope", ""), "refresh_token": token}
        return answer

    def _client(self, form: dict[str, str]) -> str:
        client = form.get("client_id", "")
        if client.lower() != CLIENT:
            raise EntraError(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{client}' was not found in the directory 'acideploy "
                "emulator'. This can happen if the application has not been installed by the "
                "administrator of the tenant or consented to by any user in the tenant.",
            )
        if "client_assertion" in form:
            # A certificate or a federated token: nobody here could say whether it is the right one.
            return client
        if not hmac.compare_digest(
            form.get("client_secret", "").encode(), self._cloud.client_secret.encode()
        ):
            raise EntraError(
                401,
                "invalid_client",
                7000215,
                "Invalid client secret provided. Ensure the secret being sent in the request is "
                "the client secret value, not the client secret ID, for a secret added to app "
                f"'{client}'.",
            )
        return client

    def _refreshed(self, token: str) -> tuple[str, str]:
        try:
            claims = self._cloud.signer.read(token, now=self._cloud.clock.client_now())
        except TokenError as error:
            raise _bad_refresh_token() from error
        if claims.get("aud") != REFRESH_AUDIENCE:
            raise _bad_refresh_token()
        return claims["appid"], claims["oid"]

    def _refusal(self, error: EntraError) -> Response:
        trace, correlation = new_id(), new_id()
        now = long_time(self._cloud.clock.client_now())
        stamp = f"{now[:10]} {now[11:19]}Z"
        text = (
            f"AADSTS{error.number}: {error.message} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {stamp}"
        )
        return JSONResponse(
            {
                "error": error.error,
                "error_description": text,
                "error_codes": [error.number],
                "timestamp": stamp,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": f"{self._cloud.url}/error?code={error.number}",
            },
            error.status,
        )

    def _host(self) -> str:
        return self._cloud.url.removeprefix("https://")


def _audience(form: dict[str, str]) -> str:
    """What the token is wanted for: `resource` (v1.0), or the scope without `/.default` (v2.0)."""
    if resource := form.get("resource"):
        return resource
    for scope in form.get("scope", "").split():
        if scope.startswith(("https://", "http://", "api://")):
            return scope.removesuffix(".default").removesuffix("user_impersonation")[:-1]
    raise EntraError(
        400,
        "invalid_scope",
        70011,
        "The provided request must include a 'scope' input parameter. The provided value for the "
        f"input parameter 'scope' is not valid. The scope {json.dumps(form.get('scope', ''))} is "
        "not valid.",
    )


def _unknown_tenant(tenant: str) -> EntraError:
    return EntraError(
        400,
        "invalid_request",
        90002,
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are "
        "signing into the correct cloud.",
    )


def _bad_refresh_token() -> EntraError:
    return EntraError(400, "invalid_grant", 70000, "Provided grant is invalid or malformed.")
