"""Registries through Resource Manager: made, shown, changed, deleted."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from acideploy.emulator.acr.operations import Operations, status_url
from acideploy.emulator.acr.registries import Registries, registry_id
from acideploy.emulator.acr.registry_checks import (
    INVALID_NAME,
    check,
    check_new,
    is_name,
    name_taken,
)
from acideploy.emulator.acr.registry_document import (
    TYPE,
    change_registry,
    new_registry,
    shown_registry,
)
from acideploy.emulator.acr.versions import changes_take_time
from acideploy.emulator.arm.errors import invalid_content
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.arm.subscriptions import find_group
from acideploy.emulator.clock import delay_answer
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud
from acideploy.emulator.store import Document

# Until the PUT of a new registry is answered: what is recorded of 2024 and 2026. Seconds.
_ANSWER = 8.0
# From the first answer until a registry is there, and until one is gone. Seconds.
_CREATION = 6.0
_DELETION = 10.0

PATH = (
    "/subscriptions/{subscription}/resourceGroups/{group}"
    "/providers/Microsoft.ContainerRegistry/registries"
)
REGISTRY = PATH + "/{registry}"
_OF_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.ContainerRegistry"


class RegistryRoutes:
    def __init__(self, cloud: Cloud, registries: Registries, operations: Operations) -> None:
        self._cloud = cloud
        self._registries = registries
        self._operations = operations
        self._tasks: set[asyncio.Task[None]] = set()
        # Between the look whether a name is free and the registry that takes it a site is opened.
        self._creating = asyncio.Lock()

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("POST", _OF_SUBSCRIPTION + "/checkNameAvailability", self._check_name),
            Route("GET", _OF_SUBSCRIPTION + "/registries", self._list),
            Route("GET", PATH, self._list),
            Route("GET", REGISTRY, self._get),
            Route("PUT", REGISTRY, self._put),
            Route("PATCH", REGISTRY, self._patch),
            Route("DELETE", REGISTRY, self._delete),
            Route("GET", REGISTRY + "/operationStatuses/{operation}", self._show_status),
            Route(
                "GET",
                _OF_SUBSCRIPTION + "/locations/{location}/operationResults/{operation}",
                self._operations.show_result,
            ),
        )

    async def _check_name(self, call: Call) -> Response:
        body = await call.body()
        name, type = body.get("name"), body.get("type")
        if not isinstance(name, str) or not isinstance(type, str):
            raise invalid_content("The request content was invalid: 'name' and 'type' are needed.")
        if not is_name(name):
            taken = {"nameAvailable": False, "reason": "Invalid", "message": INVALID_NAME}
            return json_response(200, taken)
        if self._registries.named(name):
            message = f"The registry {name} is already in use."
            taken = {"nameAvailable": False, "reason": "AlreadyExists", "message": message}
            return json_response(200, taken)
        return json_response(200, {"nameAvailable": True})

    async def _list(self, call: Call) -> Response:
        group = f"/resourceGroups/{call['group']}" if "group" in call.parameters else ""
        prefix = f"/subscriptions/{SUBSCRIPTION}{group}/"
        shown = [shown_registry(each, call.api_version) for each in self._registries.all(prefix)]
        return json_response(200, {"value": shown}, _version_header(call))

    async def _get(self, call: Call) -> Response:
        return self._shown(call, 200, self._registries.of(call))

    async def _put(self, call: Call) -> Response:
        body = await call.body()
        async with self._creating:
            known = self._registries.by_id(registry_id(call))
            if known:
                check(body, known)
                return self._change(call, known, body)
            check_new(call["registry"], body)
            if self._registries.named(call["registry"]):
                raise name_taken(call["registry"])
            document = await self._make(call, body)
        await delay_answer(self._cloud.clock, _ANSWER)
        if not changes_take_time(call.api_version):
            return self._shown(call, 200, document)
        return self._accepted(call, document, "Creating")

    async def _make(self, call: Call, body: dict[str, Any]) -> Document:
        group = find_group(call.cloud, SUBSCRIPTION, call["group"])
        assert group is not None
        identifier = f"{group['id']}/providers/{TYPE}/{call['registry']}"
        document = new_registry(
            identifier,
            body,
            caller=caller(call),
            login_server=await self._registries.open(identifier),
            now=call.cloud.clock.now(),
        )
        self._registries.keep(document)
        return document

    async def _patch(self, call: Call) -> Response:
        document, body = self._registries.of(call), await call.body()
        check(body, document)
        change_registry(document, body, caller=caller(call), now=call.cloud.clock.now())
        self._registries.keep(document)
        return self._shown(call, 200, document)

    async def _delete(self, call: Call) -> Response:
        document = self._registries.by_id(registry_id(call))
        if document is None:
            return empty_response(204)
        shown = shown_registry(document, call.api_version)
        is_replicated = call.cloud.store.list(
            f"{TYPE}/replications".lower(), f"{document['id']}/".lower()
        )
        await self._registries.forget(document)
        if call.api_version < "2026" and not is_replicated:
            return empty_response(200, _version_header(call))
        shown["properties"]["provisioningState"] = "Deleting"
        operation = self._operations.begin("registries", "Deleting")
        self._later(_DELETION, operation, None)
        url = self._operations.result_url(operation, document["location"], call.api_version)
        headers = {"location": url, "retry-after": "10", **_version_header(call)}
        return json_response(202, shown, headers)

    async def _show_status(self, call: Call) -> Response:
        return await self._operations.show_status(call, _version_header(call))

    def _change(self, call: Call, document: Document, body: dict[str, Any]) -> Response:
        """A PUT of what is there already."""
        change_registry(document, body, caller=caller(call), now=call.cloud.clock.now())
        if changes_take_time(call.api_version):
            return self._accepted(call, document, "Updating")
        self._registries.keep(document)
        return self._shown(call, 200, document)

    def _accepted(self, call: Call, document: Document, state: str) -> Response:
        document["properties"]["provisioningState"] = state
        self._registries.keep(document)
        operation = self._operations.begin("registries", state)
        self._later(_CREATION, operation, document["id"])
        url = status_url(call, document["id"], operation)
        return self._shown(call, 201, document, {"azure-asyncoperation": url})

    def _later(self, seconds: float, operation: str, identifier: str | None) -> None:
        """Ends an operation in a while, and the registry's transition with it."""

        async def end() -> None:
            await self._cloud.clock.delay(seconds)
            if identifier and (document := self._registries.by_id(identifier)):
                document["properties"]["provisioningState"] = "Succeeded"
                self._registries.keep(document)
            self._operations.finish(operation)

        task = asyncio.create_task(end())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def resume(self) -> None:
        """Opens the registries again, and ends their transitions."""
        for document in self._registries.all():
            await self._registries.open(document["id"])
            document["properties"]["provisioningState"] = "Succeeded"
            self._registries.keep(document)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()

    def _shown(
        self,
        call: Call,
        status: int,
        document: Document,
        headers: dict[str, str] | None = None,
    ) -> Response:
        shown = shown_registry(document, call.api_version)
        return json_response(status, shown, {**_version_header(call), **(headers or {})})


def caller(call: Call) -> str:
    """Who asks, as `systemData` names an application."""
    return str(call.caller.get("appid", ""))


def _version_header(call: Call) -> dict[str, str]:
    return {"api-supported-versions": call.api_version}
