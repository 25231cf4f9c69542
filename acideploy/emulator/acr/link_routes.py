"""What a private endpoint of a registry would lead to; there are no private networks here."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.acr.registries import Registries
from acideploy.emulator.acr.registry_document import TYPE
from acideploy.emulator.acr.registry_routes import REGISTRY
from acideploy.emulator.arm.errors import resource_not_found
from acideploy.emulator.arm.routes import Call, Route, json_response
from acideploy.emulator.store import Document

_LINKS = REGISTRY + "/privateLinkResources"
_NAME = "registry"


class LinkRoutes:
    def __init__(self, registries: Registries) -> None:
        self._registries = registries

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", _LINKS, self._list_links),
            Route("GET", _LINKS + "/{part}", self._get_link),
            Route("GET", REGISTRY + "/privateEndpointConnections", self._list_connections),
        )

    async def _list_links(self, call: Call) -> Response:
        return _answer(call, {"value": [_link(self._registries.of(call))]})

    async def _get_link(self, call: Call) -> Response:
        registry = self._registries.of(call)
        if call["part"].lower() != _NAME:
            name = f"{registry['name']}/privateLinkResources/{call['part']}"
            raise resource_not_found(TYPE, name, call["group"])
        return _answer(call, _link(registry))

    async def _list_connections(self, call: Call) -> Response:
        self._registries.of(call)
        return _answer(call, {"value": []})


def _link(registry: Document) -> Document:
    return {
        "type": f"{TYPE}/privateLinkResources",
        "id": f"{registry['id']}/privateLinkResources/{_NAME}",
        "name": _NAME,
        "properties": {
            "groupId": _NAME,
            "requiredMembers": [f"registry_data_{registry['location']}", _NAME],
            "requiredZoneNames": ["privatelink.azurecr.io"],
        },
    }


def _answer(call: Call, body: Document) -> Response:
    return json_response(200, body, {"api-supported-versions": call.api_version})
