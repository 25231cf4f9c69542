"""A service as it is now: what is written down, compared with what runs and what answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from acideploy.errors import AcideployError, EngineError
from acideploy.secret_names import without_passwords
from acideploy.targets import LocalState, Service
from acideploy.targets.local.container_server import ContainerServer
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.health import probe
from acideploy.targets.local.naming import container_name
from acideploy.targets.local.record import Record, Revision
from acideploy.targets.local.server import Server, answers, diagnosis, scoring_uri


def service_of(record: Record, folder: ServiceFolder) -> Service:
    """Looks at the server and at the port of the revision that serves, else of the first one."""
    revision = record.current or record.candidate
    server = folder.server(revision) if revision else None
    try:
        state, error = _state(record, server)
        found = _found(server) if server else {}
    except EngineError as unanswered:
        state, error, found = "unknown", str(unanswered), {}
    service = Service(
        name=record.name,
        state=state,
        compute_type="Local",
        created_time=datetime.fromisoformat(record.created_time),
        updated_time=datetime.fromisoformat(record.updated_time),
        revision=record.last_number,
        error=error,
        log_file=folder.failed_log if revision is None else None,
    )
    return _with_revision(service, revision, folder, found) if revision else service


def damaged_service(folder: ServiceFolder, error: AcideployError) -> Service:
    """What can be told of a service whose record cannot be read."""
    moment = datetime.fromtimestamp(folder.path.stat().st_mtime, tz=timezone.utc)
    return Service(
        name=folder.name,
        state="unknown",
        compute_type="Local",
        created_time=moment,
        updated_time=moment,
        revision=0,
        error=str(error),
    )


def _found(server: Server) -> dict[str, Any]:
    """What runs it now."""
    if isinstance(server, ContainerServer):
        state = server.state()
        return {"container_id": state.id} if state else {}
    return {"pid": server.revision.pid} if server.is_alive() else {}


def _with_revision(
    service: Service, revision: Revision, folder: ServiceFolder, found: Mapping[str, Any]
) -> Service:
    uri = scoring_uri(revision)
    files, run = folder.files(revision), revision.container
    return replace(
        service,
        revision=revision.number,
        scoring_uri=uri,
        swagger_uri=uri.removesuffix("score") + "swagger.json",
        port=revision.port,
        runtime=revision.runtime,
        log_file=None if run else files.log,
        container=container_name(files.path) if run else None,
        image_digest=run.image_digest if run else None,
        image_id=run.image_id if run else None,
        cpu=run.limits.cpu if run else None,
        memory_in_gb=run.limits.memory_in_gb if run else None,
        **found,
        description=revision.description,
        tags=revision.tags,
        properties=revision.properties,
        models=revision.models,
        environment=without_passwords(revision.environment),
        environment_digest=revision.parts["environment"],
        auth_enabled=revision.auth_enabled,
        ssl_enabled=revision.ssl_enabled,
        app_insights_enabled=revision.app_insights_enabled,
    )


def _state(record: Record, server: Server | None) -> tuple[LocalState, str | None]:
    if server is None:
        return "failed", record.error
    if record.stopped:
        return "stopped", record.error
    if record.switching:
        return "deploying", None
    if record.current is None and _is_not_begun(server):
        return "deploying", None
    if not server.is_alive():
        return "failed", _why_gone(server)
    try:
        answer = probe(server.revision.listening_port, tls=server.revision.ssl_enabled)
    except TimeoutError:
        return "unknown", "the server runs, and does not answer"
    if answer == str(server.revision.number) or (answer and record.candidate):
        return "running", record.error
    if answer is None or server.owns_port:
        return "deploying", None
    return "unknown", f"port {server.revision.port} answers for another program"


def _is_not_begun(server: Server) -> bool:
    if isinstance(server, ContainerServer):
        return server.state() is None
    return server.revision.pid is None


def _why_gone(server: Server) -> str:
    port = server.revision.port
    gone = diagnosis(server).cause
    if (known := server.known_cause()) and known.hint:
        gone = f"{gone}: {known.hint}"
    if answers(server):
        return f"{gone}; a worker that it left behind still answers"
    try:
        stranger = probe(port, tls=server.revision.ssl_enabled) is not None
    except TimeoutError:
        stranger = True
    return f"{gone}; port {port} answers for another program" if stranger else gone
