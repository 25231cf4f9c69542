"""Changes of networks, which are done a while after they were answered."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.arm.stored import StoredType
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud, new_id
from acideploy.emulator.network.documents import NAMESPACE, settle
from acideploy.emulator.store import Document

_KIND = "network operation"
# Seconds until a change is done, as in the one recording that has some.
_CHANGE = 4.0
_PLACE = f"/subscriptions/{{subscription}}/providers/{NAMESPACE}/locations/{{location}}"


class Changes:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", _PLACE + "/operations/{operation}", self._show),
            Route("GET", _PLACE + "/operationResults/{operation}", self._show_result),
        )

    def resume(self, *kinds: StoredType) -> None:
        """Ends what was under way when the emulator was stopped."""
        for kind in kinds:
            for document in kind.all(self._cloud):
                self._settle(kind, document, "Succeeded")
        for operation in self._cloud.store.list(_KIND):
            self._note(operation["name"], "Succeeded")

    def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()

    def begin(self, call: Call, kind: StoredType, document: Document) -> dict[str, str]:
        """Keeps a document that is changing; returns the header that leads to its end."""
        self._settle(kind, document, "Updating")

        async def end(name: str) -> None:
            await self._cloud.clock.delay(_CHANGE)
            if found := self._cloud.store.get(kind.kind, document["id"].lower()):
                self._settle(kind, found, "Succeeded")
            self._note(name, "Succeeded")

        name = new_id()
        self._start(name, end(name))
        return {"azure-asyncoperation": self._url(call, document, "operations", name)}

    def delete(self, call: Call, document: Document) -> dict[str, str]:
        """The headers that lead to the end of what is already gone."""

        async def end(name: str) -> None:
            await self._cloud.clock.delay(_CHANGE)
            self._note(name, "Succeeded")

        name = new_id()
        self._start(name, end(name))
        return {
            "azure-asyncoperation": self._url(call, document, "operations", name),
            "location": self._url(call, document, "operationResults", name),
            "retry-after": "10",
        }

    def _settle(self, kind: StoredType, document: Document, state: str) -> None:
        settle(document, state)
        self._cloud.store.put(kind.kind, document["id"].lower(), document)

    def _start(self, name: str, end: Coroutine[Any, Any, None]) -> None:
        self._note(name, "InProgress")
        task = asyncio.create_task(end)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _note(self, name: str, status: str) -> None:
        self._cloud.store.put(_KIND, name, {"name": name, "status": status})

    def _url(self, call: Call, document: Document, word: str, name: str) -> str:
        return (
            f"{self._cloud.url}/subscriptions/{SUBSCRIPTION}/providers/{NAMESPACE}"
            f"/locations/{document['location']}/{word}/{name}?api-version={call.api_version}"
        )

    async def _show(self, call: Call) -> Response:
        return json_response(200, {"status": self._status(call)})

    async def _show_result(self, call: Call) -> Response:
        if self._status(call) == "Succeeded":
            return empty_response(204)
        url = f"{self._cloud.url}{call.request.url.path}?{call.request.url.query}"
        return empty_response(202, {"location": url, "retry-after": "10"})

    def _status(self, call: Call) -> str:
        found = self._cloud.store.get(_KIND, call["operation"])
        if found is None:
            message = f"The operation {call['operation']} was not found."
            raise ArmError(404, "OperationNotFound", message)
        return str(found["status"])
