"""Where managed identities get their tokens: as a machine's, and as an App Service's."""

from __future__ import annotations

import hmac
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from acideploy.emulator.cloud import CLIENT, OBJECT, Cloud
from acideploy.emulator.entra.tokens import ACCESS_LIFETIME, access_token
from acideploy.emulator.identity.identities import find_identity

# How either kind calls the resource id of an identity.
_RESOURCE_NAMES = ("mi_res_id", "msi_res_id")


class IdentityEndpoint:
    """Tokens for whoever can reach this: the service principal's, or those of a named identity.

    `AZURE_POD_IDENTITY_AUTHORITY_HOST` leads to the first route; `IDENTITY_ENDPOINT` with the
    client secret as `IDENTITY_HEADER` to the second.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def routes(self) -> list[Route]:
        return [
            Route("/metadata/identity/oauth2/token", self._machine),
            Route("/msi/token", self._app_service),
        ]

    async def _machine(self, request: Request) -> Response:
        """Azure Instance Metadata Service: `learn.microsoft.com/entra/identity/managed-...`."""
        query = request.query_params
        if request.headers.get("metadata", "").lower() != "true":
            return _refusal("Required metadata header not specified")
        if not query.get("api-version"):
            return _refusal("Required query variable 'api-version' is missing")
        if not query.get("resource"):
            return _refusal("Required query variable 'resource' is missing")
        found = self._identity(request)
        if found is None:
            return _refusal("Identity not found")
        now = int(self._cloud.clock.client_now().timestamp())
        client, token = found[0], self._token(request, *found)
        return JSONResponse(
            {
                "access_token": token,
                "client_id": client,
                "expires_in": str(ACCESS_LIFETIME),
                "expires_on": str(now + ACCESS_LIFETIME),
                "ext_expires_in": str(ACCESS_LIFETIME),
                "not_before": str(now),
                "resource": query["resource"],
                "token_type": "Bearer",
            }
        )

    async def _app_service(self, request: Request) -> Response:
        """`learn.microsoft.com/azure/app-service/overview-managed-identity`, REST reference."""
        header = request.headers.get("x-identity-header", "")
        if not hmac.compare_digest(header.encode(), self._cloud.client_secret.encode()):
            return _app_refusal(401, "The X-IDENTITY-HEADER is missing or invalid.")
        resource = request.query_params.get("resource")
        if not resource or not request.query_params.get("api-version"):
            return _app_refusal(400, "The parameters resource and api-version are required.")
        found = self._identity(request)
        if found is None:
            return _app_refusal(
                400,
                "No User Assigned or Delegated Managed Identity found for specified "
                "ClientId/ResourceId/PrincipalId.",
            )
        now = int(self._cloud.clock.client_now().timestamp())
        return JSONResponse(
            {
                "access_token": self._token(request, *found),
                "client_id": found[0],
                "expires_on": str(now + ACCESS_LIFETIME),
                "not_before": str(now),
                "resource": resource,
                "token_type": "Bearer",
            }
        )

    def _identity(self, request: Request) -> tuple[str, str] | None:
        """Client id and object id of the identity that is asked for; None for an unknown one."""
        query = request.query_params
        client = query.get("client_id", "")
        principal = query.get("object_id") or query.get("principal_id") or ""
        resource = next((query[name] for name in _RESOURCE_NAMES if query.get(name)), "")
        if not (client or principal or resource) or client.lower() == CLIENT:
            return CLIENT, OBJECT
        found = find_identity(self._cloud, client=client, principal=principal, resource=resource)
        if found is None:
            return None
        properties: dict[str, Any] = found["properties"]
        return properties["clientId"], properties["principalId"]

    def _token(self, request: Request, client: str, principal: str) -> str:
        audience = request.query_params["resource"]
        return access_token(self._cloud, audience, client=client, principal=principal)


def _refusal(message: str) -> Response:
    body = {"error": "invalid_request", "error_description": message}
    return JSONResponse(body, 400)


def _app_refusal(status: int, message: str) -> Response:
    return JSONResponse({"statusCode": status, "message": message, "correlationId": ""}, status)
