"""Tasks: what can be run again and again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from acideploy.emulator.acr.bodies import check_kinds, check_run
from acideploy.emulator.acr.parts import Parts
from acideploy.emulator.acr.registries import Registries
from acideploy.emulator.acr.registry_document import modified, offset_time, system_data
from acideploy.emulator.acr.registry_routes import REGISTRY, caller
from acideploy.emulator.acr.run_requests import KINDS
from acideploy.emulator.arm.errors import ArmError, resource_not_found
from acideploy.emulator.arm.locations import normalized
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.cloud import TENANT, new_id
from acideploy.emulator.store import Document

_TASK = REGISTRY + "/tasks/{part}"
# The order in which answers have what a request may have in any order.
_PROPERTIES = (
    "provisioningState",
    "creationDate",
    "status",
    "platform",
    "agentConfiguration",
    "agentPoolName",
    "timeout",
    "step",
    "trigger",
    "credentials",
    "logTemplate",
    "isSystemTask",
)
_STEP = (
    "type",
    "imageNames",
    "isPushEnabled",
    "noCache",
    "dockerFilePath",
    "target",
    "taskFilePath",
    "valuesFilePath",
    "encodedTaskContent",
    "encodedValuesContent",
    "arguments",
    "values",
    "baseImageDependencies",
    "contextPath",
)
_BASE_IMAGE_TRIGGER = ("baseImageTriggerType", "updateTriggerPayloadType", "status", "name")


_KINDS = {"properties": dict, "identity": dict, "tags": dict}


class TaskRoutes:
    def __init__(self, registries: Registries) -> None:
        self._tasks = Parts(registries, "tasks")

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", REGISTRY + "/tasks", self._list),
            Route("GET", _TASK, self._get),
            Route("PUT", _TASK, self._put),
            Route("PATCH", _TASK, self._patch),
            Route("DELETE", _TASK, self._delete),
            Route("POST", _TASK + "/listDetails", self._details),
        )

    async def _list(self, call: Call) -> Response:
        return json_response(200, {"value": [_shown(each) for each in self._tasks.list(call)]})

    async def _get(self, call: Call) -> Response:
        return json_response(200, _shown(self._task(call)))

    async def _details(self, call: Call) -> Response:
        """A task with its credentials."""
        return json_response(200, _shown(self._task(call), secrets=True))

    async def _put(self, call: Call) -> Response:
        registry, body = self._tasks.registries.of(call), await call.body()
        check_kinds(body, _KINDS)
        wanted, known = body.get("properties") or {}, self._tasks.find(call)
        _check(wanted)
        now = call.cloud.clock.now()
        system = known["systemData"] if known else system_data(caller(call), now)
        created = known["properties"]["creationDate"] if known else offset_time(now)
        task = {
            "type": self._tasks.type,
            **({"identity": _identity(body["identity"])} if body.get("identity") else {}),
            "properties": {
                "provisioningState": "Succeeded",
                "creationDate": created,
                "status": "Enabled",
                "timeout": 3600,
                "isSystemTask": False,
                **wanted,
                "agentConfiguration": {"cpu": 2, **(wanted.get("agentConfiguration") or {})},
            },
            "id": self._tasks.identifier(call),
            "name": call["part"],
            **({"tags": body["tags"]} if body.get("tags") else {}),
            "location": normalized(body.get("location")) or registry["location"],
            "systemData": {**system, **modified(caller(call), now)} if known else system,
        }
        self._tasks.keep(call, task)
        return json_response(200, _shown(task))

    async def _patch(self, call: Call) -> Response:
        task, body = self._task(call), await call.body()
        check_kinds(body, _KINDS)
        task["properties"] = _merged(task["properties"], body.get("properties") or {})
        _check(task["properties"])
        if body.get("tags") is not None:
            task["tags"] = body["tags"]
        if body.get("identity"):
            task["identity"] = _identity(body["identity"])
        task["systemData"].update(modified(caller(call), call.cloud.clock.now()))
        self._tasks.keep(call, task)
        return json_response(200, _shown(task))

    async def _delete(self, call: Call) -> Response:
        return empty_response(200 if self._tasks.delete(call) else 204)

    def _task(self, call: Call) -> Document:
        if found := self._tasks.find(call):
            return found
        name = f"{call['registry']}/tasks/{call['part']}"
        raise resource_not_found("Microsoft.ContainerRegistry/registries", name, call["group"])


def _check(properties: Mapping[str, Any]) -> None:
    check_kinds(properties, {"step": dict, "trigger": dict, "credentials": dict})
    check_run(properties)
    step = properties.get("step") or {}
    check_run(step)
    if step.get("type") not in KINDS:
        raise ArmError(400, "InvalidParameter", "The step of the task is missing or unknown.")
    if not properties.get("platform"):
        raise ArmError(400, "InvalidParameter", "The platform of the task is missing.")


def _identity(wanted: Mapping[str, Any]) -> Document:
    if "SystemAssigned" not in str(wanted.get("type")):
        return dict(wanted)
    return {"principalId": new_id(), "tenantId": TENANT, **wanted}


def _merged(known: Any, change: Any) -> Any:
    """What a PATCH makes of an object: what it does not name stays, null takes away."""
    if not isinstance(known, dict) or not isinstance(change, dict):
        return change
    merged = dict(known)
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        elif name == "customRegistries":
            # An entry is replaced as a whole.
            changed = {**(known.get(name) or {}), **value}
            merged[name] = {server: entry for server, entry in changed.items() if entry is not None}
        else:
            merged[name] = _merged(known.get(name), value)
    return merged


def _shown(task: Document, *, secrets: bool = False) -> Document:
    properties = {**task["properties"], "step": _ordered(task["properties"]["step"], _STEP)}
    credentials = properties.pop("credentials", None)
    if credentials:
        if not secrets and "customRegistries" in credentials:
            hidden = dict.fromkeys(credentials["customRegistries"])
            credentials = {**credentials, "customRegistries": hidden}
        properties["credentials"] = credentials
    trigger = properties.get("trigger")
    if trigger and trigger.get("baseImageTrigger"):
        base = _ordered(trigger["baseImageTrigger"], _BASE_IMAGE_TRIGGER)
        properties["trigger"] = {**trigger, "baseImageTrigger": base}
    return {**task, "properties": _ordered(properties, _PROPERTIES)}


def _ordered(document: Mapping[str, Any], names: tuple[str, ...]) -> Document:
    """The members that are known by `names`, in their order."""
    return {name: document[name] for name in names if document.get(name) is not None}
