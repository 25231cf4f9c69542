"""Scoring by a service on this machine."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from acideploy.disk import storage_error
from acideploy.errors import ServiceFailedError
from acideploy.targets import Answer, Service, http
from acideploy.targets.http import Endpoint
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.health import ADDRESS, HOST
from acideploy.targets.local.layout import RevisionDirectory
from acideploy.targets.local.record import Record, Revision
from acideploy.targets.local.server import request_diagnosis


def score(
    service: Service, record: Record, folder: ServiceFolder, body: bytes, content_type: str
) -> Answer:
    """The answer as it is; for one that failed, with the cause that the service logged.

    Raises ServiceFailedError where no server is there to answer, ScoringError where none does,
    and EngineError where that of a container cannot be asked about.
    """
    revision = record.current
    server = folder.server(revision) if revision else None
    if revision is None or server is None or not server.is_alive():
        why = service.error or f"it is {service.state}"
        raise ServiceFailedError(
            f"service {service.name} cannot score: {why}",
            hint=f"acideploy service get-logs -n {service.name}",
        )
    headers = {"Content-Type": content_type}
    if revision.auth_enabled:
        headers["Authorization"] = f"Bearer {folder.key_file(revision).require().primary}"
    mark = server.log.mark()
    answer = http.score(_endpoint(revision, server.directory), body, headers=headers)
    if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return answer
    if diagnosis := request_diagnosis(server, since=mark):
        return replace(answer, cause=diagnosis.cause, place=diagnosis.place)
    return answer


def _endpoint(revision: Revision, files: RevisionDirectory) -> Endpoint:
    """Where the service listens, and with TLS the certificate that it shows."""
    certificate = None
    if revision.ssl_enabled:
        try:
            # What else a PEM file says may be in any language.
            certificate = files.certificate.read_text(encoding="ascii", errors="ignore")
        except OSError as error:
            raise storage_error("read", files.certificate, error) from error
    return Endpoint(address=ADDRESS, port=revision.port, host=HOST, certificate=certificate)
