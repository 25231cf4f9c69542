"""From one revision to the next: started beside the one that serves, and put in its place.

The one that serves keeps serving until the new one is healthy, and stays if it never is. What is
under way is in the record as the candidate, so that it can be taken up or away by another command.

Two processes share a port while one follows the other. A container shares with nobody: where one
follows or is followed, the candidate begins on a trial port, and comes to the service's port when
it is healthy and the other has left.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from acideploy.config.values import Runtime
from acideploy.environment.local import LocalEnvironment
from acideploy.errors import AcideployError, DeadlineError, EngineError, ServiceFailedError
from acideploy.events import Emit, Finished, Started
from acideploy.models import ModelStore
from acideploy.plan import Wanted
from acideploy.targets.local.delivery import deliver
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.layout import new_revision
from acideploy.targets.local.leftovers import remove_unused_images
from acideploy.targets.local.log import FileLog
from acideploy.targets.local.naming import image_name
from acideploy.targets.local.port import ENGINE_PATIENCE_SECONDS, require_free
from acideploy.targets.local.record import ContainerRun, Record, Revision
from acideploy.targets.local.runnable import Runnable, ServiceImage
from acideploy.targets.local.server import Server, scoring_uri, wait_until_healthy
from acideploy.targets.local.service_port import choose_port, choose_trial_port


def begin(
    folder: ServiceFolder, wanted: Wanted, runnable: Runnable, *, taken_ports: Mapping[int, str]
) -> Record:
    """Writes down a candidate with a number and a port of its own.

    Raises PortError, and EngineError where no engine answers that a container needs.
    """
    known = folder.record()
    now = folder.clock.now().isoformat()
    record = known or Record(name=wanted.name, created_time=now, updated_time=now)
    number = record.last_number + 1
    run = _run(runnable, wanted, folder)
    runtime: Runtime = "process" if isinstance(run, str) else "container"
    port = choose_port(folder, wanted.port, taken_ports)
    candidate = new_revision(
        wanted,
        run,
        number=number,
        port=port,
        trial_port=choose_trial_port(folder, port, runtime, taken_ports),
        created=now,
    )
    return folder.save(record, candidate=candidate, last_number=number)


def _run(runnable: Runnable, wanted: Wanted, folder: ServiceFolder) -> str | ContainerRun:
    if isinstance(runnable, ServiceImage):
        return ContainerRun(
            engine=folder.engines.find().address,
            image=image_name(folder.path, runnable.image),
            image_digest=runnable.image.digest,
            image_id=runnable.image.id,
            base=wanted.base.name if wanted.base else None,
            limits=wanted.limits,
        )
    return str(runnable.python)


def start(
    folder: ServiceFolder,
    record: Record,
    wanted: Wanted,
    runnable: Runnable,
    *,
    store: ModelStore,
    emit: Emit,
) -> Record:
    """Lays the candidate out and starts it."""
    assert record.candidate is not None
    server = folder.server(record.candidate)
    try:
        _bring_image(folder, record.candidate, runnable, emit=emit)
        emit(Started(task="revision", title=f"Revision {server.revision.number}"))
        if isinstance(runnable, LocalEnvironment):
            server.directory.fill(wanted, store, emit=emit)
        else:
            server.directory.begin(wanted)
        _hand_keys_on(folder, record, wanted)
        server = server.start()
        record = folder.save(record, candidate=server.revision)
    except BaseException as error:
        emit(Finished(task="revision", outcome="failed"))
        abandon(folder, record, server, error)
        raise
    port = server.revision.listening_port
    emit(Finished(task="revision", outcome="done", detail=f"port {port}"))
    return record


def _bring_image(
    folder: ServiceFolder, candidate: Revision, runnable: Runnable, *, emit: Emit
) -> None:
    if isinstance(runnable, ServiceImage) and (run := candidate.container):
        engine = folder.engines.at(run.engine)
        deliver(runnable, engine, name=run.image, clock=folder.clock, emit=emit)


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
        wait_until_healthy(
            candidate,
            log_kept=FileLog(folder.failed_log),
            otherwise=f"revision {record.current.number} goes on serving" if record.current else "",
            emit=emit,
        )
        promote(folder, record, emit=emit)
    except BaseException as error:
        emit(Finished(task="service", outcome="failed"))
        abandon(folder, folder.record() or record, candidate, error)
        raise
    detail = f"healthy at {scoring_uri(candidate.revision)}"
    emit(Finished(task="service", outcome="done", detail=detail))


def promote(folder: ServiceFolder, record: Record, *, emit: Emit) -> None:
    """The candidate becomes the current revision, and the old one ends.

    From a trial port it comes to the service's first, and may fail to: raises as `finish` does.
    """
    if record.candidate and record.current and record.candidate.trial_port:
        record = _take_port(folder, record, record.candidate, record.current, emit=emit)
    old = folder.server(record.current) if record.current else None
    record = folder.save(
        record, current=record.candidate, candidate=None, stopped=False, switching=False, error=None
    )
    if old:
        # What an engine that does not answer keeps is taken away another time.
        with suppress(EngineError):
            old.stop()
            old.remove()
            _remove_images(folder, old.revision, record)


def _take_port(
    folder: ServiceFolder, record: Record, candidate: Revision, old: Revision, *, emit: Emit
) -> Record:
    """Starts the candidate again where the old revision was, which is stopped for that."""
    moved = replace(candidate, trial_port=None)
    record = folder.save(record, candidate=moved, switching=True)
    folder.server(old).stop()
    folder.server(candidate).stop()
    require_free(moved.port, clock=folder.clock, within=ENGINE_PATIENCE_SECONDS)
    server = folder.server(moved).start()
    record = folder.save(record, candidate=server.revision)
    again = f"revision {old.number} is started again"
    wait_until_healthy(server, log_kept=FileLog(folder.failed_log), otherwise=again, emit=emit)
    return record


def abandon(folder: ServiceFolder, record: Record, server: Server, error: BaseException) -> None:
    """Takes a candidate away. A service that never ran stays, with its log, only if it crashed."""
    failure = None
    # An engine that does not answer any more keeps what it has until another time.
    with suppress(EngineError):
        server.stop()
        failure = _failure(error)
        if failure:
            server.log.save(folder.failed_log)
        server.remove()
        _remove_images(folder, server.revision, record)
    if record.switching and record.current:
        with suppress(AcideployError):
            port = record.current.port
            require_free(port, clock=folder.clock, within=ENGINE_PATIENCE_SECONDS)
            record = replace(record, current=folder.server(record.current).start().revision)
    if record.current or failure:
        folder.save(record, candidate=None, switching=False, error=failure)
    else:
        folder.forget()


def _failure(error: BaseException) -> str | None:
    """What to remember of a candidate that crashed or never answered; None for other ends."""
    if isinstance(error, ServiceFailedError):
        place = f" at {error.place}" if error.place else ""
        return f"the last deploy failed: {error.cause or error.message}{place}"
    return f"the last deploy failed: {error}" if isinstance(error, DeadlineError) else None


def _remove_images(folder: ServiceFolder, gone: Revision, record: Record) -> None:
    """Removes the images of the service but for that of the revision that serves."""
    if gone.container:
        serving = record.current.container if record.current else None
        engine = folder.engines.at(gone.container.engine)
        remove_unused_images(engine, folder.path, kept=serving.image if serving else None)
