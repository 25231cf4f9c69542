"""Answers about container groups, with the headers that all of them have."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.aci.groups import Groups
from acideploy.emulator.aci.record import TYPE
from acideploy.emulator.aci.runtime import Runtime
from acideploy.emulator.arm.errors import resource_not_found
from acideploy.emulator.arm.routes import Call, empty_response, json_response, resource_id
from acideploy.emulator.cloud import SUBSCRIPTION, new_id
from acideploy.emulator.store import Document

# Only PUT and DELETE show them.
_LIMITS = {
    "x-ms-ratelimit-remaining-subscription-resource-requests-pt5m": "1499",
    "x-ms-ratelimit-remaining-subscription-resource-requests-pt1h": "14999",
}


class Replies:
    def __init__(self, groups: Groups, runtime: Runtime) -> None:
        self._groups = groups
        # Said with each answer, so that nobody takes what does not run for what does.
        self.headers = {} if runtime.runs else {"x-emulator-engine": "none"}

    def about(
        self,
        status: int,
        group: Document,
        body: object = None,
        *,
        operation: str | None = None,
        limits: bool = False,
    ) -> Response:
        region = group["location"]
        headers = {"x-ms-request-id": f"{region}:{operation or new_id()}", **self.headers}
        if operation:
            headers["azure-asyncoperation"] = self._groups.operations.url(operation, region)
        if limits:
            headers |= _LIMITS
        if body is None:
            return empty_response(status, headers)
        return json_response(status, body, headers)


def id_of(call: Call) -> str:
    """The id of the group that a request is for, spelt as in the request."""
    return resource_id(SUBSCRIPTION, call["group"], TYPE, call["name"])


def find(groups: Groups, call: Call) -> Document:
    """The group that a request is for. Raises ArmError (404) when there is none."""
    found = groups.find(id_of(call).lower())
    if found is None:
        raise resource_not_found(TYPE, call["name"], call["group"])
    return found
