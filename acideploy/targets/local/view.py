"""A service as it is now: what is written down, compared with what runs and what answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from acideploy.errors import AcideployError
from acideploy.targets import LocalState, Service
from acideploy.targets.local import http
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.record import Record, Revision
from acideploy.targets.local.server import Server


def service_of(record: Record, folder: ServiceFolder) -> Service:
    """Looks at the process and at the port of the revision that serves, else of the first one."""
    revision = record.current or record.candidate
    server = folder.server(revision) if revision else None
    state, error = _state(record, server)
    service = Service(
        name=record.name,
        state=state,
        compute_type="Local",
        created_time=datetime.fromisoformat(record.created_time),
        updated_time=datetime.fromisoformat(record.updated_time),
        revision=record.last_number,
        error=error,
        log_file=folder.log(record),
    )
    return _with_revision(service, revision, server) if revision and server else service


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


def _with_revision(service: Service, revision: Revision, server: Server) -> Service:
    return replace(
        service,
        revision=revision.number,
        scoring_uri=server.scoring_uri,
        swagger_uri=server.scoring_uri.removesuffix("score") + "swagger.json",
        port=revision.port,
        pid=revision.pid if server.is_alive() else None,
        description=revision.description,
        tags=revision.tags,
        properties=revision.properties,
        models=revision.models,
        environment=revision.environment,
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
    if record.current is None and server.revision.pid is None:
        return "deploying", None
    if not server.is_alive():
        return "failed", _why_gone(server)
    try:
        answer = http.probe(server.revision.port, tls=server.revision.ssl_enabled)
    except TimeoutError:
        return "unknown", "the server runs, and does not answer"
    if answer == str(server.revision.number) or (answer and record.candidate):
        return "running", record.error
    if answer is None:
        return "deploying", None
    return "unknown", f"port {server.revision.port} answers for another program"


def _why_gone(server: Server) -> str:
    port = server.revision.port
    gone = server.diagnosis().cause
    if server.answers():
        return f"{gone}; a worker that it left behind still answers"
    try:
        stranger = http.probe(port, tls=server.revision.ssl_enabled) is not None
    except TimeoutError:
        stranger = True
    return f"{gone}; port {port} answers for another program" if stranger else gone
