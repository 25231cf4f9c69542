"""Runs through Resource Manager: uploads, requests for runs, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from acideploy.emulator.acr.registries import Registries
from acideploy.emulator.acr.registry_document import offset_time
from acideploy.emulator.acr.registry_routes import REGISTRY, caller
from acideploy.emulator.acr.run_documents import Runs, shown_run
from acideploy.emulator.acr.run_requests import plan, resolved_request, run_variables
from acideploy.emulator.acr.running import Order, Running
from acideploy.emulator.acr.storage import TaskStorage, container_of
from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.cloud import new_id
from acideploy.emulator.store import Document

# How long an address is good for. Minutes.
_UPLOAD, _LOG = 60, 15
_RUN = REGISTRY + "/runs/{run}"


class RunRoutes:
    def __init__(
        self, registries: Registries, runs: Runs, running: Running, storage: TaskStorage
    ) -> None:
        self._registries = registries
        self._runs = runs
        self._running = running
        self._storage = storage

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("POST", REGISTRY + "/listBuildSourceUploadUrl", self._upload_url),
            Route("POST", REGISTRY + "/scheduleRun", self._schedule),
            Route("GET", REGISTRY + "/runs", self._list),
            Route("GET", _RUN, self._get),
            Route("PATCH", _RUN, self._patch),
            Route("POST", _RUN + "/cancel", self._cancel),
            Route("POST", _RUN + "/listLogSasUrl", self._log_url),
        )

    def begin(
        self, call: Call, registry: Document, body: Mapping[str, Any], *, by: str | None
    ) -> Document:
        """Starts a run for a request; returns it. Raises ArmError for what is no request."""
        request, task = resolved_request(body, registry, call.cloud.store)
        run = self._runs.new(registry, request, task=task, caller=by)
        variables = run_variables(registry, run, task, call.cloud.clock.now())
        order = Order(
            registry=registry,
            run=run,
            plan=plan(request, variables),
            source=request.get("sourceLocation"),
            timeout=int(request.get("timeout") or 3600),
        )
        self._running.start(order)
        return run

    async def _upload_url(self, call: Call) -> Response:
        registry = self._registries.of(call)
        path = f"source/{call.cloud.clock.now():%Y%m%d}0000/{new_id()}.tar.gz"
        url = self._storage.url(container_of(registry), path, permissions="cw", minutes=_UPLOAD)
        return json_response(200, {"uploadUrl": url, "relativePath": path})

    async def _schedule(self, call: Call) -> Response:
        registry = self._registries.of(call)
        run = self.begin(call, registry, await call.body(), by=caller(call))
        return json_response(200, shown_run(run, sparse=True))

    async def _list(self, call: Call) -> Response:
        runs = self._runs.of(
            self._registries.of(call),
            filter=call.query.get("$filter", ""),
            top=call.query.get("$top", ""),
        )
        return json_response(200, {"value": [shown_run(run) for run in runs]})

    async def _get(self, call: Call) -> Response:
        return json_response(200, shown_run(self._run(call)))

    async def _patch(self, call: Call) -> Response:
        run, body = self._run(call), await call.body()
        kept = bool(body.get("isArchiveEnabled", run["properties"]["isArchiveEnabled"]))
        changed = self._runs.change(run["id"], isArchiveEnabled=kept)
        assert changed is not None
        now = offset_time(call.cloud.clock.now())
        by = {"By": caller(call), "ByType": "Application", "At": now}
        changed["systemData"] = {
            f"{verb}{name}": value
            for verb in ("created", "lastModified")
            for name, value in by.items()
        }
        self._runs.keep(changed)
        return json_response(200, shown_run(changed))

    async def _cancel(self, call: Call) -> Response:
        await self._running.cancel(self._run(call))
        return empty_response(200)

    async def _log_url(self, call: Call) -> Response:
        run, registry = self._run(call), self._registries.of(call)
        path = f"logs/{run['name']}/rawtext.log"
        url = self._storage.url(container_of(registry), path, permissions="r", minutes=_LOG)
        return json_response(200, {"logLink": url})

    def _run(self, call: Call) -> Document:
        if found := self._runs.get(self._registries.of(call), call["run"]):
            return found
        raise ArmError(404, "RunNotFound", f"The run '{call['run']}' could not be found.")
