"""Agent pools: they are kept and shown; runs do not need them here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from acideploy.emulator.acr.operations import Operations, status_url
from acideploy.emulator.acr.parts import Parts
from acideploy.emulator.acr.registries import Registries
from acideploy.emulator.acr.registry_document import modified, system_data
from acideploy.emulator.acr.registry_routes import REGISTRY, caller
from acideploy.emulator.arm.errors import resource_not_found
from acideploy.emulator.arm.locations import normalized
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.store import Document

_POOL = REGISTRY + "/agentPools/{part}"
_RESULT = REGISTRY + "/agentPoolsOperationResults/{operation}/status"
# In the order of answers.
_PROPERTIES = ("count", "tier", "os", "virtualNetworkSubnetResourceId", "provisioningState")
_WAIT = {"retry-after": "10"}
# Until a pool is there, or changed, or gone. Seconds.
_CHANGE = 10.0


class AgentPoolRoutes:
    def __init__(self, registries: Registries, operations: Operations) -> None:
        self._pools = Parts(registries, "agentPools")
        self._operations = operations
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", REGISTRY + "/agentPools", self._list),
            Route("GET", _POOL, self._get),
            Route("PUT", _POOL, self._put),
            Route("PATCH", _POOL, self._patch),
            Route("DELETE", _POOL, self._delete),
            Route("POST", _POOL + "/listQueueStatus", self._queue),
            Route("GET", _POOL + "/operationStatuses/{operation}", self._show_status),
            Route("GET", _RESULT, self._show_result),
        )

    async def _list(self, call: Call) -> Response:
        return json_response(200, {"value": self._pools.list(call)})

    async def _get(self, call: Call) -> Response:
        return json_response(200, self._pool(call))

    async def _put(self, call: Call) -> Response:
        registry, body = self._pools.registries.of(call), await call.body()
        known = self._pools.find(call)
        system = system_data(caller(call), call.cloud.clock.now())
        pool = known or {
            "type": self._pools.type,
            "properties": {"count": 1, "tier": "S1", "os": "Linux"},
            "id": self._pools.identifier(call),
            "name": call["part"],
            "location": normalized(body.get("location")) or registry["location"],
            "systemData": system,
        }
        return self._changed(call, pool, body, "Updating" if known else "Creating")

    async def _patch(self, call: Call) -> Response:
        return self._changed(call, self._pool(call), await call.body(), "Updating")

    def _changed(self, call: Call, pool: Document, body: Mapping[str, Any], state: str) -> Response:
        wanted = {**pool["properties"], **(body.get("properties") or {})}
        wanted["provisioningState"] = state
        pool["properties"] = {name: wanted[name] for name in _PROPERTIES if name in wanted}
        pool["systemData"].update(modified(caller(call), call.cloud.clock.now()))
        self._pools.keep(call, pool)
        operation = self._later(call, state)
        url = status_url(call, pool["id"], operation)
        return json_response(201, pool, {"azure-asyncoperation": url, **_WAIT})

    async def _delete(self, call: Call) -> Response:
        pool = self._pools.find(call)
        if pool is None:
            return empty_response(204)
        self._pools.delete(call)
        pool["properties"]["provisioningState"] = "Deleting"
        registry = self._pools.registries.of(call)
        url = (
            f"{call.cloud.url}{registry['id']}/agentPoolsOperationResults/"
            f"{self._later(call, 'Deleting')}/status?api-version={call.api_version}"
        )
        return json_response(202, pool, {"location": url, **_WAIT})

    async def _queue(self, call: Call) -> Response:
        self._pool(call)
        return json_response(200, {"count": 0})

    async def _show_status(self, call: Call) -> Response:
        return json_response(200, {"status": self._operations.get(call["operation"])["status"]})

    async def _show_result(self, call: Call) -> Response:
        if self._operations.get(call["operation"])["status"] == "Succeeded":
            return empty_response(204)
        url = f"{call.cloud.url}{call.request.url.path}?{call.request.url.query}"
        return json_response(202, None, {"location": url, **_WAIT})

    def _later(self, call: Call, state: str) -> str:
        """Begins an operation that ends in a while; returns its id."""
        operation = self._operations.begin("agentpools", state)

        async def end() -> None:
            await call.cloud.clock.delay(_CHANGE)
            if found := self._pools.find(call):
                found["properties"]["provisioningState"] = "Succeeded"
                self._pools.keep(call, found)
            self._operations.finish(operation)

        task = asyncio.create_task(end())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return operation

    def _pool(self, call: Call) -> Document:
        if found := self._pools.find(call):
            return found
        name = f"{call['registry']}/agentPools/{call['part']}"
        raise resource_not_found("Microsoft.ContainerRegistry/registries", name, call["group"])
