"""Webhooks of a registry: they are kept, shown and pinged; nothing here calls their address."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from acideploy.emulator.acr.bodies import check_kinds
from acideploy.emulator.acr.errors import registry_error
from acideploy.emulator.acr.parts import Parts
from acideploy.emulator.acr.registries import Registries
from acideploy.emulator.acr.registry_document import SYSTEM_SINCE, modified, system_data
from acideploy.emulator.acr.registry_routes import REGISTRY, caller
from acideploy.emulator.acr.versions import REGISTRY_VERSIONS, supported
from acideploy.emulator.arm.errors import resource_not_found
from acideploy.emulator.arm.locations import normalized
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.cloud import new_id
from acideploy.emulator.store import Document

_WEBHOOKS = REGISTRY + "/webhooks"
_WEBHOOK = _WEBHOOKS + "/{part}"
_HEADERS = supported(REGISTRY_VERSIONS)
_WRITABLE = {
    "serviceUri": str,
    "customHeaders": dict,
    "status": str,
    "scope": str,
    "actions": list,
}
# What answers tell; where it is called, and with what, only `getCallbackConfig` tells.
_SHOWN = ("status", "scope", "actions", "provisioningState")
_CALLED = ("serviceUri", "customHeaders")


class WebhookRoutes:
    def __init__(self, registries: Registries) -> None:
        self._webhooks = Parts(registries, "webhooks")

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", _WEBHOOKS, self._list),
            Route("GET", _WEBHOOK, self._get),
            Route("PUT", _WEBHOOK, self._put),
            Route("PATCH", _WEBHOOK, self._patch),
            Route("DELETE", _WEBHOOK, self._delete),
            Route("POST", _WEBHOOK + "/getCallbackConfig", self._show_callback),
            Route("POST", _WEBHOOK + "/ping", self._ping),
            Route("POST", _WEBHOOK + "/listEvents", self._list_events),
        )

    async def _list(self, call: Call) -> Response:
        shown = [_shown(each, call.api_version) for each in self._webhooks.list(call)]
        return json_response(200, {"value": shown}, _HEADERS)

    async def _get(self, call: Call) -> Response:
        return self._answer(call, self._webhook(call))

    async def _put(self, call: Call) -> Response:
        registry, body = self._webhooks.registries.of(call), await call.body()
        properties = body.get("properties") or {}
        for name in ("serviceUri", "actions"):
            if not properties.get(name):
                raise registry_error(400, "InvalidWebhook", f"The webhook has no '{name}'.")
        known = self._webhooks.find(call)
        return self._changed(call, known or self._new(call, registry, body), body)

    def _new(self, call: Call, registry: Document, body: Document) -> Document:
        return {
            "type": self._webhooks.type,
            "id": self._webhooks.identifier(call),
            "name": call["part"],
            "location": normalized(body.get("location")) or registry["location"],
            "tags": {},
            "systemData": system_data(caller(call), call.cloud.clock.now()),
            "properties": {"status": "enabled", "scope": "", "provisioningState": "Succeeded"},
        }

    async def _patch(self, call: Call) -> Response:
        return self._changed(call, self._webhook(call), await call.body())

    def _changed(self, call: Call, webhook: Document, body: dict[str, Any]) -> Response:
        given = body.get("properties") or {}
        check_kinds(body, {"properties": dict, "tags": dict})
        check_kinds(given, _WRITABLE)
        webhook["tags"] = body.get("tags") or webhook["tags"]
        changes = {name: given[name] for name in _WRITABLE if given.get(name) is not None}
        webhook["properties"].update(changes)
        webhook["systemData"].update(modified(caller(call), call.cloud.clock.now()))
        self._webhooks.keep(call, webhook)
        return self._answer(call, webhook)

    async def _delete(self, call: Call) -> Response:
        return empty_response(200 if self._webhooks.delete(call) else 204, _HEADERS)

    async def _show_callback(self, call: Call) -> Response:
        properties = self._webhook(call)["properties"]
        shown = {name: properties[name] for name in _CALLED if name in properties}
        return json_response(200, shown, _HEADERS)

    async def _ping(self, call: Call) -> Response:
        self._webhook(call)
        return json_response(200, {"id": new_id()}, _HEADERS)

    async def _list_events(self, call: Call) -> Response:
        self._webhook(call)
        return json_response(200, {"value": []}, _HEADERS)

    def _answer(self, call: Call, webhook: Document) -> Response:
        return json_response(200, _shown(webhook, call.api_version), _HEADERS)

    def _webhook(self, call: Call) -> Document:
        if found := self._webhooks.find(call):
            return found
        name = f"{call['registry']}/webhooks/{call['part']}"
        raise resource_not_found("Microsoft.ContainerRegistry/registries", name, call["group"])


def _shown(webhook: Document, version: str) -> Document:
    properties = {name: webhook["properties"][name] for name in _SHOWN}
    outside = {
        name: webhook[name] for name in webhook if name != "systemData" or version >= SYSTEM_SINCE
    }
    return {**outside, "properties": properties}
