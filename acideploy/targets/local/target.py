"""Runs services as processes of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from acideploy.clock import Clock
from acideploy.config import check_service_name
from acideploy.environment.venv import VirtualEnvironment
from acideploy.errors import BusyError, NotFoundError, ServiceFailedError, StorageError
from acideploy.events import Emit, Finished, Started, ignore
from acideploy.lock import lock
from acideploy.models import ModelStore
from acideploy.plan import Present, Wanted
from acideploy.targets import Answer, Service
from acideploy.targets.local import finisher, process, rollout
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.log import follow, tail
from acideploy.targets.local.port import require_free
from acideploy.targets.local.record import FILE_NAME, Record
from acideploy.targets.local.scoring import score
from acideploy.targets.local.settle import settle
from acideploy.targets.local.view import damaged_service, service_of

_PORT_LOCK_SECONDS = 10.0


class LocalTarget:
    """Services under `directory`, one folder each.

    What changes a service is called within `changing`.
    """

    def __init__(self, directory: Path, *, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def folder(self, name: str) -> ServiceFolder:
        """Raises NotFoundError for what no service can be called: it may be a path."""
        if check_service_name(name):
            raise self._not_found(name)
        return ServiceFolder(self._directory / name, self._clock)

    # What there is.

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(path.parent.name for path in self._directory.glob(f"*/{FILE_NAME}")))

    def find(self, name: str) -> Service:
        """The service as it is now. Raises NotFoundError."""
        record, folder = self.record(name), self.folder(name)
        if record.candidate:
            # A deploy is under way, or was killed: then nobody holds its lock.
            with suppress(BusyError), folder.locked():
                settle(folder)
            record = self.record(name)
        return service_of(record, folder)

    def list(self) -> tuple[Service, ...]:
        """Every service; a damaged one with the reason as its error."""
        return tuple(service for name in self.names() for service in self._listed(name))

    def _listed(self, name: str) -> Iterator[Service]:
        try:
            yield self.find(name)
        except NotFoundError:
            return  # deleted meanwhile
        except StorageError as error:
            yield damaged_service(self.folder(name), error)

    def record(self, name: str) -> Record:
        """What is written down about a service. Raises NotFoundError."""
        if record := self.folder(name).record():
            return record
        raise self._not_found(name)

    def _not_found(self, name: str) -> NotFoundError:
        known = ", ".join(self.names())
        return NotFoundError(
            f"there is no service {name!r}" + (f", only {known}" if known else ""),
            hint="acideploy service list" if known else "acideploy model deploy -n NAME ...",
        )

    def records(self) -> Iterator[Record]:
        """What is written down about every service, but for damaged ones."""
        for name in self.names():
            with suppress(StorageError):
                if record := self.folder(name).record():
                    yield record

    def present(self, name: str) -> Present | None:
        """What a plan compares with: None where no revision was ever healthy."""
        folder = self.folder(name)
        record = folder.record()
        if record is None or record.current is None:
            return None
        healthy = not record.stopped and folder.server(record.current).is_alive()
        return Present(parts=record.current.parts, port=record.current.port, healthy=healthy)

    # What changes it.

    @contextmanager
    def changing(self, name: str, *, new: bool = False, at_once: bool = False) -> Iterator[None]:
        """Keeps every other change of the service out. Raises BusyError where one is under way.

        Raises NotFoundError for a service that does not exist, unless it may be `new`. `at_once`
        ends a deploy that nobody waits for.
        """
        folder = self.folder(name)
        if not new:
            self.record(name)
        if at_once:
            finisher.cancel(folder.path)
        with folder.locked():
            settle(folder)
            yield

    def check_port(self, wanted: Wanted) -> None:
        """Raises PortError where the port that is asked for is taken, before minutes are spent."""
        taken = self._ports(but=wanted.name)
        rollout.choose_port(self.folder(wanted.name), wanted.port, taken)

    def apply(
        self,
        wanted: Wanted,
        environment: VirtualEnvironment,
        *,
        store: ModelStore,
        wait: bool,
        emit: Emit = ignore,
    ) -> Service:
        """Starts a revision beside the one that serves, and replaces that when it is healthy."""
        folder = self.folder(wanted.name)
        path = self._directory / ".ports.lock"
        # Two services that are deployed at once must not be given the same port.
        with lock(path, clock=self._clock, within=_PORT_LOCK_SECONDS, busy=_ports_busy):
            taken = self._ports(but=wanted.name)
            record = rollout.begin(folder, wanted, environment, taken_ports=taken)
        record = rollout.start(folder, record, wanted, store=store, emit=emit)
        if wait:
            rollout.finish(folder, record, emit=emit)
        else:
            finisher.begin(folder.path)
        return self.find(wanted.name)

    def relabel(self, wanted: Wanted) -> Service:
        """Takes over what touches no process: description, tags, properties and keys."""
        record, folder = self.record(wanted.name), self.folder(wanted.name)
        if record.current:
            changed = replace(
                record.current,
                description=wanted.description,
                tags=wanted.tags,
                properties=wanted.properties,
            )
            if changed != record.current:
                folder.save(record, current=changed)
            serving = wanted.serving
            if serving.auth_enabled and (serving.primary_key or serving.secondary_key):
                keys = folder.key_file(record.current)
                keys.set(primary=serving.primary_key, secondary=serving.secondary_key)
        return self.find(wanted.name)

    def stop(self, name: str) -> Service:
        """Ends the process; the service can be started again."""
        record, folder = self.record(name), self.folder(name)
        if record.current:
            folder.save(record, stopped=True)
            folder.server(record.current).stop()
        return self.find(name)

    def start(self, name: str, *, emit: Emit = ignore) -> Service:
        """Starts the current revision again, unless it runs. Raises ServiceFailedError."""
        record, folder = self.record(name), self.folder(name)
        if record.current is None:
            raise ServiceFailedError(
                f"service {name} has never run: {record.error}", hint="mend it and deploy again"
            )
        server = folder.server(record.current)
        if server.is_alive():
            return self.find(name)
        # Workers that a killed server left behind would keep the port.
        server.stop()
        require_free(record.current.port, clock=self._clock)
        emit(Started(task="service", title=f"Service {name}"))
        server = server.start()
        record = folder.save(record, current=server.revision, stopped=False, error=None)
        try:
            server.wait_until_healthy(log_kept=server.directory.log, emit=emit)
        except BaseException as error:
            server.stop()
            folder.save(record, error=str(error) or "its start was interrupted")
            emit(Finished(task="service", outcome="failed"))
            raise
        emit(Finished(task="service", outcome="done", detail=f"healthy at {server.scoring_uri}"))
        return self.find(name)

    def delete(self, name: str) -> None:
        """Ends the process and removes everything about the service, also a damaged one."""
        folder = self.folder(name)
        if name not in self.names():
            raise self._not_found(name)
        finisher.cancel(folder.path)
        with folder.locked():
            process.stop(folder.path, clock=self._clock)
            folder.forget()

    # What it is asked.

    def score(self, name: str, body: bytes, *, content_type: str) -> Answer:
        """Sends a scoring request, with the key where one is asked for. Raises ScoringError."""
        service = self.find(name)
        return score(service, self.record(name), self.folder(name), body, content_type)

    def logs(self, name: str, *, lines: int, previous: bool = False) -> str:
        record, folder = self.record(name), self.folder(name)
        if previous and record.current:
            return tail(folder.files(record.current).previous_log, lines)
        return tail(folder.log(record), lines)

    def follow_logs(self, name: str, *, lines: int) -> Iterator[str]:
        """The last lines, then each new one, over restarts and deploys, until it is deleted."""
        folder = self.folder(name)
        self.record(name)

        def log() -> Path | None:
            record = folder.record()
            return folder.log(record) if record else None

        return follow(log, lines=lines, clock=self._clock)

    def _ports(self, *, but: str) -> dict[int, str]:
        """The ports of all other services."""
        return {
            revision.port: record.name
            for record in self.records()
            if record.name != but
            for revision in (record.current, record.candidate)
            if revision
        }


def _ports_busy() -> BusyError:
    return BusyError("another deploy is choosing its port", hint="run this again")
