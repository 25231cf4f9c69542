"""Task runs: runs as resources, which templates can make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from acideploy.emulator.acr.operations import status_url
from acideploy.emulator.acr.parts import Parts
from acideploy.emulator.acr.registries import Registries
from acideploy.emulator.acr.registry_document import modified, system_data
from acideploy.emulator.acr.registry_routes import REGISTRY, caller
from acideploy.emulator.acr.run_documents import FINAL, Runs, shown_run
from acideploy.emulator.acr.run_routes import RunRoutes
from acideploy.emulator.arm.errors import invalid_content, resource_not_found
from acideploy.emulator.arm.locations import normalized
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.store import Document

_TASK_RUN = REGISTRY + "/taskRuns/{part}"
# In the order of answers; `credentials` only in details.
_REQUEST = (
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
    "platform",
    "sourceLocation",
    "taskId",
    "overrideTaskStepProperties",
)


class TaskRunRoutes:
    def __init__(self, registries: Registries, runs: Runs, starter: RunRoutes) -> None:
        self._task_runs = Parts(registries, "taskRuns")
        self._runs = runs
        self._starter = starter

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", REGISTRY + "/taskRuns", self._list),
            Route("GET", _TASK_RUN, self._get),
            Route("PUT", _TASK_RUN, self._put),
            Route("PATCH", _TASK_RUN, self._patch),
            Route("DELETE", _TASK_RUN, self._delete),
            Route("POST", _TASK_RUN + "/listDetails", self._details),
            Route("GET", _TASK_RUN + "/operationStatuses/{run}", self._show_status),
        )

    async def _list(self, call: Call) -> Response:
        value = [self._shown(call, each) for each in self._task_runs.list(call)]
        return json_response(200, {"value": value})

    async def _get(self, call: Call) -> Response:
        return json_response(200, self._shown(call, self._task_run(call)))

    async def _details(self, call: Call) -> Response:
        shown = self._shown(call, self._task_run(call), secrets=True)
        return json_response(200, shown)

    async def _put(self, call: Call) -> Response:
        registry, body = self._task_runs.registries.of(call), await call.body()
        known = self._task_runs.find(call)
        if known:
            return self._changed(call, known, body)
        request = _request(body)
        run = self._starter.begin(call, registry, request, by=None)
        document = {
            "type": self._task_runs.type,
            "properties": {
                "forceUpdateTag": body["properties"].get("forceUpdateTag"),
                "runRequest": request,
                "run": run["name"],
            },
            **({"location": normalized(body["location"])} if body.get("location") else {}),
            "id": self._task_runs.identifier(call),
            "name": call["part"],
            "systemData": system_data(caller(call), call.cloud.clock.now()),
        }
        return self._accepted(call, document)

    async def _patch(self, call: Call) -> Response:
        return self._changed(call, self._task_run(call), await call.body())

    def _changed(self, call: Call, document: Document, body: Mapping[str, Any]) -> Response:
        """Runs again when the tag is another or the request asks for something else."""
        request, known = _request(body), document["properties"]
        tag = body["properties"].get("forceUpdateTag")
        same = _ordered(request) == _ordered(known["runRequest"]) and tag == known["forceUpdateTag"]
        known["runRequest"], known["forceUpdateTag"] = request, tag
        document["systemData"].update(modified(caller(call), call.cloud.clock.now()))
        if same:
            self._task_runs.keep(call, document)
            return json_response(201, self._shown(call, document))
        registry = self._task_runs.registries.of(call)
        known["run"] = self._starter.begin(call, registry, request, by=None)["name"]
        return self._accepted(call, document)

    async def _delete(self, call: Call) -> Response:
        return empty_response(200 if self._task_runs.delete(call) else 204)

    async def _show_status(self, call: Call) -> Response:
        state = self._state(call, call["run"])
        url = status_url(call, self._task_runs.identifier(call), call["run"])
        return json_response(
            200, {"status": state}, {"azure-asyncoperation": url, "retry-after": "30"}
        )

    def _accepted(self, call: Call, document: Document) -> Response:
        self._task_runs.keep(call, document)
        url = status_url(call, document["id"], document["properties"]["run"])
        headers = {"azure-asyncoperation": url, "retry-after": "30"}
        return json_response(201, self._shown(call, document), headers)

    def _state(self, call: Call, name: str) -> str:
        run = self._runs.get(self._task_runs.registries.of(call), name)
        status = run["properties"]["status"] if run else "Failed"
        if status not in FINAL:
            return "Creating"
        return status if status in ("Succeeded", "Canceled") else "Failed"

    def _shown(self, call: Call, document: Document, *, secrets: bool = False) -> Document:
        registry, properties = self._task_runs.registries.of(call), document["properties"]
        run = self._runs.get(registry, properties["run"])
        request = _ordered(properties["runRequest"])
        if secrets and "credentials" in properties["runRequest"]:
            request["credentials"] = properties["runRequest"]["credentials"]
        result = {} if run is None else {"runResult": shown_run(run)}
        state = {"provisioningState": self._state(call, properties["run"])}
        return {**document, "properties": {**state, "runRequest": request, **result}}

    def _task_run(self, call: Call) -> Document:
        if found := self._task_runs.find(call):
            return found
        name = f"{call['registry']}/taskRuns/{call['part']}"
        raise resource_not_found("Microsoft.ContainerRegistry/registries", name, call["group"])


def _request(body: Mapping[str, Any]) -> dict[str, Any]:
    properties = body.get("properties")
    request = properties.get("runRequest") if isinstance(properties, dict) else None
    if not isinstance(request, dict):
        raise invalid_content("The request content was invalid: 'runRequest' is missing.")
    return request


def _ordered(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: request[name] for name in _REQUEST if request.get(name) is not None}
