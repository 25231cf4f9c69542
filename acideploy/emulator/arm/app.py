"""What every request to Resource Manager goes through before a provider sees it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError, group_not_found, subscription_not_found
from acideploy.emulator.arm.routes import Call, Provider, Router, json_response
from acideploy.emulator.arm.subscriptions import find_group, subscription_routes
from acideploy.emulator.cloud import SUBSCRIPTION, TENANT, Cloud, http_time, new_id
from acideploy.emulator.signer import TokenError
from acideploy.emulator.traffic import fault

# What tokens for Resource Manager are issued for, besides the address of this one.
AUDIENCES = (
    "https://management.azure.com",
    "https://management.core.windows.net",
)
_PROVIDER = re.compile(r"(.*)/providers/(?P<namespace>[^/]+)(/(?P<rest>.+))?", re.IGNORECASE)
_GROUP = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)(/resourceGroups/(?P<group>[^/]+)(?P<below>/.+)?)?.*",
    re.IGNORECASE,
)
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview|-alpha|-beta|-privatepreview)?", re.IGNORECASE)


class ResourceManager:
    """`/subscriptions`, `/tenants`, `/providers` and all that lies below them."""

    def __init__(self, cloud: Cloud, providers: Sequence[Provider]) -> None:
        self._cloud = cloud
        self._providers = {each.namespace.lower(): each for each in providers}
        routes = subscription_routes(providers)
        self._router = Router((*routes, *(route for each in providers for route in each.routes)))

    async def answer(self, request: Request) -> Response:
        """The answer of Resource Manager, errors included, with the headers all have."""
        try:
            response = await self._answer(request)
        except ArmError as error:
            response = json_response(error.status, error.body, error.headers)
        self._dress(request, response)
        return response

    async def _answer(self, request: Request) -> Response:
        path = request.scope["path"]
        caller = self._authorize(request)
        version = _api_version(request)
        self._check_scope(path)
        found = self._router.find(request.method, path)
        if found is None:
            raise self._unknown(path, version)
        self._check_version(path, version)
        route, parameters = found
        return await route.answer(
            Call(
                cloud=self._cloud,
                request=request,
                parameters=parameters,
                api_version=version,
                caller=caller,
            )
        )

    def _authorize(self, request: Request) -> dict[str, object]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise self._unauthorized(
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.",
            )
        try:
            claims = self._cloud.signer.read(token, now=self._cloud.clock.client_now())
        except TokenError as error:
            if error.expired:
                raise self._unauthorized(
                    "ExpiredAuthenticationToken",
                    "The access token expiry UTC time is earlier than current UTC time.",
                ) from error
            raise self._unauthorized(
                "InvalidAuthenticationToken", "The access token is invalid."
            ) from error
        if fault(request, "expiredToken"):
            raise self._unauthorized(
                "ExpiredAuthenticationToken",
                "The access token expiry UTC time is earlier than current UTC time.",
            )
        if claims.get("aud", "").rstrip("/") not in (*AUDIENCES, self._cloud.url):
            raise self._unauthorized(
                "InvalidAuthenticationTokenAudience",
                "The access token has been obtained for wrong audience or resource "
                f"'{claims.get('aud')}'. It should exactly match with one of the allowed audiences "
                f"'{AUDIENCES[1]}/','{AUDIENCES[0]}/','{self._cloud.url}/'.",
            )
        return claims

    def _unauthorized(self, code: str, message: str) -> ArmError:
        authority = f"{self._cloud.url}/{TENANT}"
        challenge = (
            f'Bearer authorization_uri="{authority}", error="invalid_token", '
            f'error_description="{message}"'
        )
        return ArmError(401, code, message, gateway=True, headers={"www-authenticate": challenge})

    def _check_scope(self, path: str) -> None:
        """A subscription that is not there, then a resource group: they come before all else."""
        found = _GROUP.fullmatch(path)
        if not found:
            return
        if found["subscription"].lower() != SUBSCRIPTION:
            raise subscription_not_found(found["subscription"])
        if found["below"] and not find_group(self._cloud, SUBSCRIPTION, found["group"]):
            raise group_not_found(found["group"])

    def _check_version(self, path: str, version: str) -> None:
        found = _PROVIDER.fullmatch(path)
        provider = found and self._providers.get(found["namespace"].lower())
        if not found or not provider or not found["rest"]:
            return
        kind = _type_of(found["rest"])
        versions = provider.versions(kind)
        if versions is None or version.lower() in (each.lower() for each in versions):
            return
        raise ArmError(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location '' and API version '{version}' "
            f"for type '{kind}'. The supported api-versions are '{', '.join(versions)}'.",
            gateway=True,
        )

    def _unknown(self, path: str, version: str) -> ArmError:
        found = _PROVIDER.fullmatch(path)
        if not found:
            return ArmError(404, "NotFound", "The requested path was not found.", gateway=True)
        namespace, rest = found["namespace"], found["rest"]
        if namespace.lower() not in self._providers:
            return ArmError(
                404,
                "InvalidResourceNamespace",
                f"The resource namespace '{namespace}' is invalid.",
                gateway=True,
            )
        kind = _type_of(rest or "")
        return ArmError(
            404,
            "InvalidResourceType",
            f"The resource type '{kind}' could not be found in the namespace '{namespace}' for api "
            f"version '{version}'. The supported api-versions are "
            f"'{', '.join(self._providers[namespace.lower()].versions(kind) or ())}'.",
            gateway=True,
        )

    def _dress(self, request: Request, response: Response) -> None:
        now = self._cloud.clock.now()
        correlation = new_id()
        headers = {
            "date": http_time(now),
            "cache-control": "no-cache",
            "pragma": "no-cache",
            "expires": "-1",
            "strict-transport-security": "max-age=31536000; includeSubDomains",
            "x-content-type-options": "nosniff",
            "x-ms-request-id": correlation,
            "x-ms-correlation-request-id": correlation,
            "x-ms-routing-request-id": f"WESTEUROPE:{now:%Y%m%dT%H%M%SZ}:{correlation}",
            "x-cache": "CONFIG_NOCACHE",
            "x-msedge-ref": f"Ref A: {new_id().replace('-', '').upper()} Ref B: EMULATOR01 "
            f"Ref C: {now:%Y-%m-%dT%H:%M:%SZ}",
            _limit_header(request.method): _limit(request.method),
        }
        asked = request.headers.get("x-ms-client-request-id")
        if asked and request.headers.get("x-ms-return-client-request-id", "").lower() == "true":
            headers["x-ms-client-request-id"] = asked
        for name, value in headers.items():
            response.headers.setdefault(name, value)


def _api_version(request: Request) -> str:
    version = request.query_params.get("api-version")
    if not version:
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
            gateway=True,
        )
    if not _VERSION.fullmatch(version):
        raise ArmError(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions are of the form "
            "'yyyy-MM-dd' or 'yyyy-MM-dd-preview'.",
            gateway=True,
        )
    return version


def _type_of(rest: str) -> str:
    """The type that a path is about: `registries/tasks` for `registries/r/tasks/t`."""
    words = rest.strip("/").split("/")
    if words[0].lower() == "locations":
        return "/".join(("locations", *words[2::2])) if len(words) > 2 else "locations"
    return "/".join(words[0::2])


def _limit_header(method: str) -> str:
    kind = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(method, "writes")
    return f"x-ms-ratelimit-remaining-subscription-{kind}"


def _limit(method: str) -> str:
    return {"GET": "11999", "HEAD": "11999", "DELETE": "14999"}.get(method, "1199")
