"""Scoring by a service on this machine."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from acideploy.errors import ServiceFailedError
from acideploy.targets import Answer, Service
from acideploy.targets.local import http
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.record import Record
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
    certificate = server.directory.certificate if revision.ssl_enabled else None
    mark = server.log.mark()
    answer = http.score(revision.port, body, headers=headers, certificate=certificate)
    if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return answer
    if diagnosis := request_diagnosis(server, since=mark):
        return replace(answer, cause=diagnosis.cause, place=diagnosis.place)
    return answer
