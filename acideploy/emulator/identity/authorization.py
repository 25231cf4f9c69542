"""Role assignments and definitions: kept, listed, and never asked whether they forbid anything."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.arm.routes import Call, Provider, Route, json_response
from acideploy.emulator.cloud import Cloud
from acideploy.emulator.identity.assignments import assignment_routes
from acideploy.emulator.identity.definitions import definition_routes
from acideploy.emulator.identity.scopes import NAMESPACE

VERSIONS = (
    *("2025-12-01-preview", "2024-09-01-preview", "2024-07-01-preview", "2022-08-01-preview"),
    *("2022-05-01-preview", "2022-04-01", "2021-04-01-preview", "2020-10-01-preview"),
    *("2020-04-01-preview", "2020-03-01-preview", "2018-09-01-preview", "2018-07-01"),
    *("2018-01-01-preview", "2017-10-01-preview", "2015-07-01"),
)
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
_RESOURCE = _GROUP + "/providers/{namespace}/{type}/{name}"
# Whatever something can be allowed on.
_SCOPES = (
    "",
    "/subscriptions/{subscription}",
    _GROUP,
    _RESOURCE,
    _RESOURCE + "/{type2}/{name2}",
)


class Authorization:
    """`Microsoft.Authorization`."""

    def __init__(self, cloud: Cloud) -> None:
        self.provider = Provider(
            namespace=NAMESPACE,
            other_types=dict.fromkeys(
                ("roleAssignments", "roleDefinitions", "permissions"), VERSIONS
            ),
            routes=tuple(route for scope in _SCOPES for route in _routes(scope)),
        )

    async def resume(self) -> None:
        pass

    async def close(self) -> None:
        pass


def _routes(scope: str) -> tuple[Route, ...]:
    base = f"{scope}/providers/{NAMESPACE}"
    return (
        Route("GET", base + "/permissions", _permissions),
        *assignment_routes(base + "/roleAssignments"),
        *definition_routes(base + "/roleDefinitions"),
    )


async def _permissions(call: Call) -> Response:
    everything = {"actions": ["*"], "notActions": [], "dataActions": ["*"], "notDataActions": []}
    return json_response(200, {"value": [everything]})
