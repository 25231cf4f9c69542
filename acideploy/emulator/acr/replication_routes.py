"""Geo-replications of a registry: they are kept and shown; all content is in one place here."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from acideploy.emulator.acr.errors import registry_error
from acideploy.emulator.acr.operations import Operations, status_url
from acideploy.emulator.acr.parts import Parts
from acideploy.emulator.acr.registries import Registries
from acideploy.emulator.acr.registry_document import SYSTEM_SINCE, modified, system_data
from acideploy.emulator.acr.registry_routes import REGISTRY, caller
from acideploy.emulator.acr.versions import REGISTRY_VERSIONS, supported
from acideploy.emulator.arm.errors import resource_not_found
from acideploy.emulator.arm.locations import normalized
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.cloud import long_time
from acideploy.emulator.store import Document

_REPLICATIONS = REGISTRY + "/replications"
_REPLICATION = _REPLICATIONS + "/{part}"
_HEADERS = supported(REGISTRY_VERSIONS)
_WAIT = {"retry-after": "10", **_HEADERS}
# Members of `properties` with the first version that has each.
_SINCE = {
    "provisioningState": "2017",
    "status": "2017",
    "regionEndpointEnabled": "2019-12-01",
    "zoneRedundancy": "2020-11-01",
}
# Until a replication is there, and until one is gone. Seconds.
_CREATION = 10.0
_DELETION = 60.0


class ReplicationRoutes:
    def __init__(self, registries: Registries, operations: Operations) -> None:
        self._replications = Parts(registries, "replications")
        self._operations = operations
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", _REPLICATIONS, self._list),
            Route("GET", _REPLICATION, self._get),
            Route("PUT", _REPLICATION, self._put),
            Route("PATCH", _REPLICATION, self._patch),
            Route("DELETE", _REPLICATION, self._delete),
            Route("GET", _REPLICATION + "/operationStatuses/{operation}", self._show_status),
        )

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()

    async def _list(self, call: Call) -> Response:
        home = self._replications.registries.of(call)["location"]
        # The registry's own region is the last.
        found = sorted(self._replications.list(call), key=lambda each: bool(each["name"] == home))
        shown = [_shown(each, call.api_version) for each in found]
        return json_response(200, {"value": shown}, _HEADERS)

    async def _get(self, call: Call) -> Response:
        return json_response(200, _shown(self._replication(call), call.api_version), _HEADERS)

    async def _put(self, call: Call) -> Response:
        registry, body = self._replications.registries.of(call), await call.body()
        if registry["sku"]["name"] != "Premium":
            raise registry_error(
                400,
                "ReplicationNotAllowed",
                "Geo-replication is available for registries of the Premium SKU only.",
            )
        known = self._replications.find(call)
        if known is None:
            self._keep_home(call, registry)
        document = known or self._new(call, call["part"], body.get("location"))
        return self._changed(call, document, body, "Updating" if known else "Creating")

    def _keep_home(self, call: Call, registry: Document) -> None:
        """With the first replication the registry's own region becomes one, too."""
        home = self._new(call, registry["location"], registry["location"])
        home["tags"] = registry["tags"]
        identifier = home["id"].lower()
        if call.cloud.store.get(self._replications.type.lower(), identifier) is None:
            _make_ready(call, home)
            self._replications.keep(call, home)

    def _new(self, call: Call, name: str, location: object) -> Document:
        now = call.cloud.clock.now()
        registry = self._replications.registries.of(call)
        return {
            "type": self._replications.type,
            "id": f"{registry['id']}/replications/{name}",
            "name": name,
            "location": normalized(str(location or name)),
            "tags": {},
            "systemData": system_data(caller(call), now),
            "properties": {
                "provisioningState": "Creating",
                "status": {"timestamp": long_time(now)},
                "regionEndpointEnabled": True,
                "zoneRedundancy": "Disabled",
            },
        }

    async def _patch(self, call: Call) -> Response:
        document, body = self._replication(call), await call.body()
        if body.get("properties"):
            return self._changed(call, document, body, "Updating")
        self._change(call, document, body)
        return json_response(200, _shown(document, call.api_version), _HEADERS)

    def _change(self, call: Call, document: Document, body: dict[str, Any]) -> None:
        given = body.get("properties") or {}
        document["tags"] = body.get("tags") or document["tags"]
        for name in ("regionEndpointEnabled", "zoneRedundancy"):
            if given.get(name) is not None:
                document["properties"][name] = given[name]
        document["systemData"].update(modified(caller(call), call.cloud.clock.now()))
        self._replications.keep(call, document)

    def _changed(
        self, call: Call, document: Document, body: dict[str, Any], state: str
    ) -> Response:
        document["properties"]["provisioningState"] = state
        self._change(call, document, body)
        operation = self._operations.begin("replications", state)

        async def end() -> None:
            await call.cloud.clock.delay(_CREATION)
            if found := self._replications.find(call):
                _make_ready(call, found)
                self._replications.keep(call, found)
            self._operations.finish(operation)

        self._start(end())
        url = status_url(call, document["id"], operation)
        headers = {"azure-asyncoperation": url, **_WAIT}
        return json_response(201, _shown(document, call.api_version), headers)

    async def _delete(self, call: Call) -> Response:
        document = self._replications.find(call)
        if document is None:
            return empty_response(204, _HEADERS)
        self._replications.delete(call)
        operation = self._operations.begin("replications", "Deleting")

        async def end() -> None:
            await call.cloud.clock.delay(_DELETION)
            self._operations.finish(operation)

        self._start(end())
        url = self._operations.result_url(operation, document["location"], call.api_version)
        return json_response(202, None, {"location": url, **_WAIT})

    async def _show_status(self, call: Call) -> Response:
        return await self._operations.show_status(call, _WAIT)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _replication(self, call: Call) -> Document:
        if found := self._replications.find(call):
            return found
        name = f"{call['registry']}/replications/{call['part']}"
        raise resource_not_found("Microsoft.ContainerRegistry/registries", name, call["group"])


def _make_ready(call: Call, document: Document) -> None:
    document["properties"]["provisioningState"] = "Succeeded"
    timestamp = long_time(call.cloud.clock.now())
    document["properties"]["status"] = {"displayStatus": "Ready", "timestamp": timestamp}


def _shown(document: Document, version: str) -> Document:
    kept = document["properties"]
    properties = {name: kept[name] for name, since in _SINCE.items() if version >= since}
    outside = {
        name: document[name] for name in document if name != "systemData" or version >= SYSTEM_SINCE
    }
    return {**outside, "properties": properties}
