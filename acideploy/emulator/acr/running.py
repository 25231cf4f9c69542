"""Runs that are under way: from the queue to the last line of the log."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acideploy.emulator.acr.engine import BuildEngine, Cancellation, StepError
from acideploy.emulator.acr.registries import Registries
from acideploy.emulator.acr.registry_document import offset_time
from acideploy.emulator.acr.run_documents import FINAL, Runs
from acideploy.emulator.acr.run_log import RunLog
from acideploy.emulator.acr.run_steps import RunSteps
from acideploy.emulator.acr.sources import Source, SourceError, find_source, unpack
from acideploy.emulator.acr.steps import Push, Step, TaskFileError
from acideploy.emulator.acr.storage import TaskStorage, container_of
from acideploy.emulator.cloud import Cloud
from acideploy.emulator.store import Document

# From the request until an agent takes the run. Seconds.
_QUEUE = 0.4
# What the log's metadata call an end.
_ENDS = {
    "Succeeded": "successful",
    "Failed": "failed",
    "Canceled": "canceled",
    "Timeout": "timedout",
}


@dataclass(kw_only=True)
class Order:
    """What a run is to do. `plan` says the steps once the source is in a folder."""

    registry: Document
    run: Document
    plan: Callable[[Path], tuple[Step, ...]]
    # What the request calls the source: the name of an upload, or an address.
    source: str | None
    timeout: int
    steps: tuple[Step, ...] = ()
    # Done when an agent takes the run.
    queue: asyncio.Future[None] = field(init=False)
    cancellation: Cancellation = field(default_factory=Cancellation)


class Running:
    """Starts runs and ends them. `engine_host` is the engine's address; None: there is none."""

    def __init__(
        self,
        cloud: Cloud,
        registries: Registries,
        runs: Runs,
        storage: TaskStorage,
        engine_host: str | None,
    ) -> None:
        self._cloud = cloud
        self._registries = registries
        self._runs = runs
        self._storage = storage
        self._host = engine_host
        self._orders: dict[str, Order] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, order: Order) -> None:
        identifier = order.run["id"].lower()
        log = self._log(order.registry, order.run)
        log.begin(self._cloud.clock.now())
        self._orders[identifier] = order
        order.queue = asyncio.ensure_future(self._cloud.clock.delay(_QUEUE))
        task = asyncio.create_task(self._execute(order, log), name=f"run {order.run['name']}")
        self._tasks[identifier] = task

        def forget(_: asyncio.Task[None]) -> None:
            self._tasks.pop(identifier, None)
            self._orders.pop(identifier, None)

        task.add_done_callback(forget)

    async def cancel(self, run: Document) -> None:
        """Ends a run; nothing when it has ended. Returns when it has."""
        identifier = run["id"].lower()
        if order := self._orders.get(identifier):
            await _cancel(order)
            await asyncio.wait([self._tasks[identifier]], timeout=10)

    async def wait(self, run: Document) -> None:
        """Returns when a run has ended."""
        if task := self._tasks.get(run["id"].lower()):
            await asyncio.wait([task])

    async def close(self) -> None:
        """Ends all runs, as a stop of the emulator does."""
        for order in list(self._orders.values()):
            await _cancel(order)
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=10)

    def resume(self) -> None:
        """Ends what was under way when the emulator was killed."""
        for run in self._runs.all():
            registry = self._registries.by_id(run["id"].rpartition("/runs/")[0])
            if registry and run["properties"]["status"] not in FINAL:
                log = self._log(registry, run)
                self._end(run, log, "Canceled", self._cloud.clock.now().timestamp())

    async def _execute(self, order: Order, log: RunLog) -> None:
        began = self._cloud.clock.now().timestamp()
        # What nobody has thought of is a failure, too.
        status = "Failed"
        try:
            await asyncio.wait([order.queue])
            if order.cancellation.cancelled:
                status = "Canceled"
            else:
                now = self._cloud.clock.now()
                self._runs.change(order.run["id"], status="Running", startTime=offset_time(now))
                status = await self._perform(order, log)
        finally:
            images = self._images(order) if status == "Succeeded" else []
            self._end(order.run, log, status, began, images)

    async def _perform(self, order: Order, log: RunLog) -> str:
        """Does all steps; returns the status of the run."""
        timer = asyncio.create_task(self._cloud.clock.sleep(order.timeout))
        work = asyncio.create_task(self._work(order, log))
        await asyncio.wait({timer, work}, return_when=asyncio.FIRST_COMPLETED)
        is_late = not work.done()
        timer.cancel()
        if is_late:
            await asyncio.to_thread(order.cancellation.cancel)
        try:
            await work
        except (StepError, SourceError, TaskFileError) as error:
            if is_late or order.cancellation.cancelled:
                return "Timeout" if is_late else "Canceled"
            log.line(f"failed to run step: {error}")
            return "Failed"
        return "Succeeded"

    async def _work(self, order: Order, log: RunLog) -> None:
        source = find_source(order.source, order.registry, self._storage)
        with tempfile.TemporaryDirectory(prefix="acb_vol_", ignore_cleanup_errors=True) as name:
            workspace = Path(name)
            # Containers run as anybody.
            workspace.chmod(0o777)
            await asyncio.to_thread(_prepare, source, workspace, log)
            order.steps = await asyncio.to_thread(order.plan, workspace)
            if self._host is None:
                raise StepError(
                    "the emulator has no container engine, so nothing is built; start Docker or "
                    "Podman, and the emulator again"
                )
            logins = tuple(self._registries.builder(each) for each in self._registries.all())
            await asyncio.to_thread(self._do, order, source, workspace, log, logins)

    def _do(
        self, order: Order, source: Source, workspace: Path, log: RunLog, logins: tuple[Any, ...]
    ) -> None:
        assert self._host is not None
        engine = BuildEngine(self._host, logins, order.cancellation)
        with contextlib.closing(engine):
            login_server = order.registry["properties"]["loginServer"]
            steps = RunSteps(engine, log, workspace, source.remote)
            log.line("Setting up Docker configuration...")
            log.line("Successfully set up Docker configuration")
            log.line(f"Logging in to registry: {login_server}")
            log.line(f"Successfully logged into {login_server}")
            steps.perform(order.steps)

    def _images(self, order: Order) -> list[dict[str, str]]:
        """What was pushed into the registry, as it is found there."""
        if self._registries.by_id(order.registry["id"]) is None:
            return []
        content = self._registries.content(order.registry)
        prefix = order.registry["properties"]["loginServer"] + "/"
        names = [
            image
            for step in order.steps
            if isinstance(step, Push)
            for image in step.images
            if image.startswith(prefix)
        ]
        found = []
        for name in dict.fromkeys(names):
            repository, _, tag = name.removeprefix(prefix).rpartition(":")
            # Somebody may have deleted it already.
            if digest := content.tags(repository).get(tag):
                image = {"registry": prefix[:-1], "repository": repository, "tag": tag}
                found.append({**image, "digest": digest})
        return found

    def _end(
        self,
        run: Document,
        log: RunLog,
        status: str,
        began: float,
        images: list[dict[str, str]] | None = None,
    ) -> None:
        now = self._cloud.clock.now()
        changed: Mapping[str, Any] = {
            "status": status,
            "finishTime": offset_time(now),
            **({"outputImages": images} if images else {}),
        }
        if self._runs.change(run["id"], **changed):
            log.end(run["name"], _ENDS[status], int(now.timestamp() - began), now)

    def _log(self, registry: Document, run: Document) -> RunLog:
        blob = self._storage.blob(container_of(registry), f"logs/{run['name']}/rawtext.log")
        return RunLog(blob, self._cloud.clock.now)


async def _cancel(order: Order) -> None:
    await asyncio.to_thread(order.cancellation.cancel)
    order.queue.cancel()


def _prepare(source: Source, workspace: Path, log: RunLog) -> None:
    if source.archive:
        log.line("Downloading source code...")
        unpack(source.archive, workspace)
        log.line("Finished downloading source code")
    log.line(f"Using {workspace.name} as the home volume")
