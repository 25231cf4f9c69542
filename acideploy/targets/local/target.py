"""Runs services as processes of this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from acideploy.clock import Clock
from acideploy.environment.venv import VirtualEnvironment
from acideploy.errors import BusyError, NotFoundError, ServiceFailedError
from acideploy.events import Emit, Finished, Started, ignore
from acideploy.lock import lock
from acideploy.models import ModelStore
from acideploy.plan import Present, Wanted
from acideploy.targets import Answer, Service
from acideploy.targets.local import finisher, http, rollout
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.log import follow, tail
from acideploy.targets.local.port import require_free
from acideploy.targets.local.record import FILE_NAME, Record
from acideploy.targets.local.view import service_of

_PORT_LOCK_SECONDS = 10.0


class LocalTarget:
    """Services under `directory`, one folder each.

    What changes a service is called within `changing`.
    """

    def __init__(self, directory: Path, *, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def folder(self, name: str) -> ServiceFolder:
        return ServiceFolder(self._directory / name, self._clock)

    # What there is.

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(path.parent.name for path in self._directory.glob(f"*/{FILE_NAME}")))

    def find(self, name: str) -> Service:
        """The service as it is now. Raises NotFoundError."""
        return service_of(self.record(name), self.folder(name))

    def record(self, name: str) -> Record:
        """What is written down about a service. Raises NotFoundError."""
        if record := self.folder(name).record():
            return record
        known = ", ".join(self.names())
        raise NotFoundError(
            f"no service {name!r}" + (f"; there are {known}" if known else ""),
            hint="acideploy service list",
        )

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
    def changing(self, name: str) -> Iterator[None]:
        """Keeps every other change of the service out. Raises BusyError where one is under way."""
        folder = self.folder(name)
        with folder.locked():
            rollout.settle(folder)
            yield

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
        record = rollout.launch(folder, record, wanted, store=store, emit=emit)
        if wait:
            rollout.finish(folder, record, emit=emit)
        else:
            finisher.launch(folder.path)
        return self.find(wanted.name)

    def describe(
        self,
        name: str,
        *,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> Service:
        """Changes description, tags or properties (None leaves them), which touch no process."""
        record = self.record(name)
        if record.current:
            changed = replace(
                record.current,
                description=record.current.description if description is None else description,
                tags=record.current.tags if tags is None else tags,
                properties=record.current.properties if properties is None else properties,
            )
            if changed != record.current:
                self.folder(name).save(record, current=changed)
        return self.find(name)

    def stop(self, name: str) -> Service:
        """Ends the process; the service can be started again."""
        record, folder = self.record(name), self.folder(name)
        if record.current:
            folder.server(record.current).stop()
            folder.save(record, stopped=True)
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
        require_free(record.current.port)
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
        emit(Finished(task="service", outcome="done", detail="healthy"))
        return self.find(name)

    def delete(self, name: str) -> None:
        """Ends the process and removes everything about the service."""
        record, folder = self.record(name), self.folder(name)
        if record.current:
            folder.server(record.current).stop()
        folder.forget()

    # What it is asked.

    def score(self, name: str, body: bytes, *, content_type: str) -> Answer:
        """Sends a scoring request, with the key where one is asked for. Raises ScoringError."""
        service, folder = self.find(name), self.folder(name)
        revision = self.record(name).current
        if revision is None or service.state not in ("running", "deploying"):
            why = service.error or f"it is {service.state}"
            raise ServiceFailedError(
                f"service {name} cannot score: {why}", hint=f"acideploy service get-logs -n {name}"
            )
        headers = {"Content-Type": content_type}
        keys = folder.key_file.read() if revision.auth_enabled else None
        if keys:
            headers["Authorization"] = f"Bearer {keys.primary}"
        certificate = folder.files(revision).certificate if revision.ssl_enabled else None
        return http.score(revision.port, body, headers=headers, certificate=certificate)

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
            revision.port: name
            for name in self.names()
            if name != but and (record := self.folder(name).record())
            for revision in (record.current, record.candidate)
            if revision
        }


def _ports_busy() -> BusyError:
    return BusyError("another deploy is choosing its port", hint="run this again")
