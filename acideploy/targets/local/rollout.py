"""From one revision to the next: started beside the one that serves, and put in its place.

The one that serves keeps serving until the new one is healthy, and stays if it never is. What is
under way is in the record as the candidate, so that it can be taken up or away by another command.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from acideploy.environment.venv import VirtualEnvironment
from acideploy.errors import DeadlineError, PortError, ServiceFailedError
from acideploy.events import Emit, Finished, Started
from acideploy.models import ModelStore
from acideploy.plan import Wanted
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.layout import new_revision
from acideploy.targets.local.port import free_port, require_free
from acideploy.targets.local.record import Record
from acideploy.targets.local.server import Server


def begin(
    folder: ServiceFolder,
    wanted: Wanted,
    environment: VirtualEnvironment,
    *,
    taken_ports: Mapping[int, str],
) -> Record:
    """Writes down a candidate with a number and a port of its own. Raises PortError."""
    known = folder.record()
    now = folder.clock.now().isoformat()
    record = known or Record(name=wanted.name, created_time=now, updated_time=now)
    number = record.last_number + 1
    port = choose_port(folder, wanted.port, taken_ports)
    candidate = new_revision(wanted, environment, number=number, port=port, created=now)
    return folder.save(record, candidate=candidate, last_number=number)


def start(
    folder: ServiceFolder, record: Record, wanted: Wanted, *, store: ModelStore, emit: Emit
) -> Record:
    """Lays the candidate out and starts it."""
    assert record.candidate is not None
    server = folder.server(record.candidate)
    try:
        emit(Started(task="revision", title=f"Revision {server.revision.number}"))
        server.directory.fill(wanted, store, emit=emit)
        _hand_keys_on(folder, record, wanted)
        server = server.start()
        record = folder.save(record, candidate=server.revision)
    except BaseException as error:
        emit(Finished(task="revision", outcome="failed"))
        abandon(folder, record, server, error)
        raise
    emit(Finished(task="revision", outcome="done", detail=f"port {server.revision.port}"))
    return record


def _hand_keys_on(folder: ServiceFolder, record: Record, wanted: Wanted) -> None:
    """Gives the candidate the keys of the revision that serves, and those that are asked for."""
    assert record.candidate is not None
    keys = folder.key_file(record.candidate)
    known = folder.key_file(record.current).read() if record.current else None
    if known:
        keys.set(primary=known.primary, secondary=known.secondary)
    if wanted.serving.auth_enabled:
        keys.set(primary=wanted.serving.primary_key, secondary=wanted.serving.secondary_key)


def finish(folder: ServiceFolder, record: Record, *, emit: Emit) -> None:
    """Waits for the candidate to be healthy, and stops the revision that it replaces.

    Raises ServiceFailedError or DeadlineError where it never is.
    """
    assert record.candidate is not None
    candidate = folder.server(record.candidate)
    emit(Started(task="service", title=f"Service {folder.name}"))
    try:
        candidate.wait_until_healthy(
            log_kept=folder.failed_log,
            still_serves=record.current.number if record.current else None,
            emit=emit,
        )
    except BaseException as error:
        emit(Finished(task="service", outcome="failed"))
        abandon(folder, record, candidate, error)
        raise
    promote(folder, record)
    emit(Finished(task="service", outcome="done", detail=f"healthy at {candidate.scoring_uri}"))


def promote(folder: ServiceFolder, record: Record) -> None:
    """The candidate becomes the current revision, and the old one ends."""
    old = folder.server(record.current) if record.current else None
    folder.save(record, current=record.candidate, candidate=None, stopped=False, error=None)
    if old:
        old.stop()
        shutil.rmtree(old.directory.path, ignore_errors=True)


def abandon(folder: ServiceFolder, record: Record, server: Server, error: BaseException) -> None:
    """Takes a candidate away. A service that never ran stays, with its log, only if it crashed."""
    server.stop()
    failure = _failure(server, error)
    if failure and server.directory.log.exists():
        shutil.copyfile(server.directory.log, folder.failed_log)
    shutil.rmtree(server.directory.path, ignore_errors=True)
    if record.current or failure:
        folder.save(record, candidate=None, error=failure)
    else:
        folder.forget()


def _failure(server: Server, error: BaseException) -> str | None:
    """What to remember of a candidate that crashed or never answered; None for other ends."""
    if isinstance(error, ServiceFailedError):
        diagnosis = server.diagnosis()
        place = f" at {diagnosis.place}" if diagnosis.place else ""
        return f"the last deploy failed: {diagnosis.cause}{place}"
    return f"the last deploy failed: {error}" if isinstance(error, DeadlineError) else None


def choose_port(folder: ServiceFolder, wanted: int | None, taken: Mapping[int, str]) -> int:
    """The port that is wanted, else the one that the service has, else a free one.

    `taken` gives the services that have the other ports. Raises PortError.
    """
    known = folder.record()
    current = known.current if known else None
    port = wanted or (current.port if current else None)
    if port is None:
        return free_port(taken)
    if port in taken:
        raise PortError(
            f"port {port} belongs to service {taken[port]}",
            hint="choose another, or leave the port out to get a free one",
        )
    server = folder.server(current) if current and current.port == port else None
    if server and server.is_alive():
        # The revision that serves shares its port with the one that will take its place.
        return port
    if server:
        # Workers that a killed server left behind would keep the port.
        server.stop()
    require_free(port, clock=folder.clock)
    return port
