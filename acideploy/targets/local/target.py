"""Runs services on this machine, as processes or in containers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from acideploy.clock import Clock
from acideploy.config.values import Runtime, RuntimeChoice
from acideploy.errors import (
    BusyError,
    EngineError,
    NotFoundError,
    ServiceFailedError,
    StorageError,
)
from acideploy.events import Emit, Finished, Noticed, Started, ignore
from acideploy.lock import lock
from acideploy.models import ModelStore
from acideploy.plan import Present, Wanted
from acideploy.targets import Answer, Keys, Service
from acideploy.targets.keys import new_key
from acideploy.targets.local import finisher, leftovers, rollout
from acideploy.targets.local.engines import Engines
from acideploy.targets.local.folders import ServiceFolders
from acideploy.targets.local.log import FileLog, Log, follow
from acideploy.targets.local.port import ENGINE_PATIENCE_SECONDS, require_free
from acideploy.targets.local.relabel import relabel, set_keys
from acideploy.targets.local.runnable import Runnable
from acideploy.targets.local.runtime import choose_runtime
from acideploy.targets.local.scoring import score
from acideploy.targets.local.server import scoring_uri, wait_until_healthy
from acideploy.targets.local.service_port import choose_port
from acideploy.targets.local.settle import settle
from acideploy.targets.local.view import damaged_service, service_of

_PORT_LOCK_SECONDS = 10.0


class LocalTarget:
    """Services under `directory`, one folder each.

    What changes a service is called within `changing`.
    """

    def __init__(self, directory: Path, *, clock: Clock, engines: Engines) -> None:
        self.folders = ServiceFolders(directory=directory, clock=clock, engines=engines)

    # What there is.

    def find(self, name: str) -> Service:
        """The service as it is now. Raises NotFoundError."""
        record, folder = self.folders.record(name), self.folders.folder(name)
        if record.candidate:
            # A deploy is under way, or was killed: then nobody holds its lock.
            with suppress(BusyError, EngineError), folder.locked():
                settle(folder)
            record = self.folders.record(name)
        return service_of(record, folder)

    def list(self) -> tuple[Service, ...]:
        """Every service; a damaged one with the reason as its error."""
        return tuple(service for name in self.folders.names() for service in self._listed(name))

    def _listed(self, name: str) -> Iterator[Service]:
        try:
            yield self.find(name)
        except NotFoundError:
            return  # deleted meanwhile
        except StorageError as error:
            yield damaged_service(self.folders.folder(name), error)

    def present(self, name: str) -> Present | None:
        """What a plan compares with: None where no revision was ever healthy."""
        folder = self.folders.folder(name)
        record = folder.record()
        if record is None or record.current is None:
            return None
        current = record.current
        return Present(
            parts=current.parts,
            port=current.port,
            healthy=not record.stopped and folder.is_alive(current),
            runtime=current.runtime,
        )

    # What changes it.

    def choose_runtime(self, choice: RuntimeChoice, *, emit: Emit = ignore) -> Runtime:
        """What a service runs in. Raises EngineError where that needs an engine in vain."""
        runtime, note = choose_runtime(choice, find_engine=self.folders.engines.find)
        if note:
            emit(Noticed(problem=note))
        return runtime

    @contextmanager
    def changing(self, name: str, *, new: bool = False, at_once: bool = False) -> Iterator[None]:
        """Keeps every other change of the service out. Raises BusyError where one is under way.

        Raises NotFoundError for a service that does not exist, unless it may be `new`. `at_once`
        ends a deploy that nobody waits for.
        """
        folder = self.folders.folder(name)
        if not new:
            self.folders.record(name)
        if at_once:
            finisher.cancel(folder.path)
        with folder.locked():
            settle(folder)
            yield

    def check_port(self, wanted: Wanted) -> None:
        """Raises PortError where the port that is asked for is taken, before minutes are spent."""
        taken = self.folders.ports(but=wanted.name)
        choose_port(self.folders.folder(wanted.name), wanted.port, taken)

    def apply(
        self,
        wanted: Wanted,
        runnable: Runnable,
        *,
        store: ModelStore,
        wait: bool,
        emit: Emit = ignore,
    ) -> Service:
        """Starts a revision beside the one that serves, and replaces that when it is healthy."""
        folder = self.folders.folder(wanted.name)
        path = self.folders.directory / ".ports.lock"
        # Two services that are deployed at once must not be given the same port.
        with lock(path, clock=self.folders.clock, within=_PORT_LOCK_SECONDS, busy=_ports_busy):
            taken = self.folders.ports(but=wanted.name)
            record = rollout.begin(folder, wanted, runnable, taken_ports=taken)
        record = rollout.start(folder, record, wanted, runnable, store=store, emit=emit)
        if wait:
            rollout.finish(folder, record, emit=emit)
        else:
            finisher.begin(folder.path)
        return self.find(wanted.name)

    def relabel(self, wanted: Wanted) -> Service:
        """Takes over what restarts nothing: description, tags, properties and keys."""
        relabel(self.folders.folder(wanted.name), self.folders.record(wanted.name), wanted)
        return self.find(wanted.name)

    def regenerate_key(self, name: str, which: str, value: str | None = None) -> Keys:
        """Replaces the `primary` or the `secondary` key, by `value` or a new one, at once."""
        record, folder = self.folders.record(name), self.folders.folder(name)
        assert record.current is not None
        return set_keys(folder, record.current, **{which: value or new_key()})

    def stop(self, name: str) -> Service:
        """Ends the server; the service can be started again."""
        record, folder = self.folders.record(name), self.folders.folder(name)
        if record.current:
            server = folder.server(record.current)
            # An engine that does not answer stops nothing: the record is not to say so.
            server.is_alive()
            folder.save(record, stopped=True)
            server.stop()
        return self.find(name)

    def start(self, name: str, *, emit: Emit = ignore) -> Service:
        """Starts the current revision again, unless it runs. Raises ServiceFailedError."""
        record, folder = self.folders.record(name), self.folders.folder(name)
        if record.current is None:
            raise ServiceFailedError(
                f"service {name} has never run: {record.error}", hint="mend it and deploy again"
            )
        server = folder.server(record.current)
        if server.is_alive():
            return self.find(name)
        # Workers that a killed server left behind would keep the port.
        server.stop()
        patience = ENGINE_PATIENCE_SECONDS if record.current.container else 1.0
        require_free(record.current.port, clock=self.folders.clock, within=patience)
        emit(Started(task="service", title=f"Service {name}"))
        server = server.start()
        record = folder.save(record, current=server.revision, stopped=False, error=None)
        try:
            wait_until_healthy(server, log_kept=server.log, emit=emit)
        except BaseException as error:
            server.stop()
            folder.save(record, error=str(error) or "its start was interrupted")
            emit(Finished(task="service", outcome="failed"))
            raise
        uri = scoring_uri(server.revision)
        emit(Finished(task="service", outcome="done", detail=f"healthy at {uri}"))
        return self.find(name)

    def delete(self, name: str) -> None:
        """Ends the server and removes everything about the service, also a damaged one."""
        folder = self.folders.folder(name)
        if name not in self.folders.names():
            raise self.folders.not_found(name)
        finisher.cancel(folder.path)
        with folder.locked():
            leftovers.remove_everything(folder)
            folder.forget()

    def prune(self) -> dict[str, int]:
        """Removes images and containers that no service has; the bytes of each image by name."""
        folders = self.folders
        return leftovers.prune(folders.directory, folders.all(), folders.engines)

    # What it is asked.

    def score(self, name: str, body: bytes, *, content_type: str) -> Answer:
        """Sends a scoring request, with the key where one is asked for. Raises ScoringError."""
        service = self.find(name)
        return score(
            service, self.folders.record(name), self.folders.folder(name), body, content_type
        )

    def logs(self, name: str, *, lines: int, previous: bool = False) -> str:
        record, folder = self.folders.record(name), self.folders.folder(name)
        if previous and record.current:
            return FileLog(folder.files(record.current).previous_log).tail(lines)
        return folder.log(record).tail(lines)

    def follow_logs(self, name: str, *, lines: int) -> Iterator[str]:
        """The last lines, then each new one, over restarts and deploys, until it is deleted."""
        folder = self.folders.folder(name)
        self.folders.record(name)

        def log() -> Log | None:
            record = folder.record()
            return folder.log(record) if record else None

        return follow(log, lines=lines, clock=self.folders.clock)


def _ports_busy() -> BusyError:
    return BusyError("another deploy is choosing its port", hint="run this again")
