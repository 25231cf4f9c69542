"""What takes time: operations that clients poll until they are done."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.routes import Call, empty_response, json_response
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud
from acideploy.emulator.store import Document

_KIND = "registry operation"


class Operations:
    """Operations by their id, `registries-{guid}`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def begin(self, prefix: str, status: str, *, images: Sequence[str] | None = None) -> str:
        """Notes an operation; returns its id. Only results of imports (`images`) have a body."""
        operation = f"{prefix}-{uuid.uuid1()}"
        document = {"status": status, **({} if images is None else {"images": list(images)})}
        self._cloud.store.put(_KIND, operation, document)
        return operation

    def finish(self, operation: str, *, error: Document | None = None, status: int = 400) -> None:
        """Ends an operation, well or with an error (`code`, `message`) and its HTTP status."""
        document = self.get(operation) | {"status": "Failed" if error else "Succeeded"}
        if error:
            document |= {"error": error, "http": status}
        self._cloud.store.put(_KIND, operation, document)

    def get(self, operation: str) -> Document:
        """Raises ArmError (404)."""
        if found := self._cloud.store.get(_KIND, operation):
            return found
        raise ArmError(404, "NotFound", f"The operation '{operation}' was not found.")

    def resume(self) -> None:
        """Ends what was under way when the emulator was stopped: nobody else would."""
        rows = self._cloud.store.database.execute(
            "SELECT key, body FROM documents WHERE kind = ?", (_KIND,)
        ).fetchall()
        for operation, body in rows:
            document = json.loads(body)
            if document["status"] in ("Succeeded", "Failed"):
                continue
            stopped = {"code": "OperationInterrupted", "message": "The emulator was stopped."}
            self.finish(operation, error=stopped if "images" in document else None)

    async def show_status(self, call: Call, headers: Mapping[str, str]) -> Response:
        """Answers a poll of `.../operationStatuses/{operation}`: the status and nothing else."""
        found = self.get(call["operation"])
        body = {"status": found["status"]}
        if "error" in found:
            body["error"] = found["error"]
        polled = {"azure-asyncoperation": f"{call.cloud.url}{call.request.url.path}?{_query(call)}"}
        return json_response(200, body, {**polled, **headers})

    async def show_result(self, call: Call) -> Response:
        """Answers a poll of `/locations/{location}/operationResults/{operation}`."""
        found = self.get(call["operation"])
        location = {"location": f"{call.cloud.url}{call.request.url.path}?{_query(call)}"}
        if "error" in found:
            raise ArmError(
                found["http"],
                found["error"]["code"],
                found["error"]["message"],
                beside={"status": "Failed"},
            )
        is_done, images = found["status"] == "Succeeded", found.get("images")
        if images is None and is_done:
            return empty_response(200)
        if images is None:
            waiting = {**location, "retry-after": "10"}
            # Of a registry nothing, of its parts a body that is null.
            is_registry = call["operation"].startswith("registries-")
            return (
                empty_response(202, waiting) if is_registry else json_response(202, None, waiting)
            )
        if is_done:
            return json_response(200, {"status": "Succeeded"})
        return json_response(
            202, {**dict.fromkeys(images, "Pending"), "status": "Accepted"}, location
        )

    def result_url(self, operation: str, location: str, version: str) -> str:
        return (
            f"{self._cloud.url}/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry"
            f"/locations/{location}/operationResults/{operation}?api-version={version}"
        )


def status_url(call: Call, resource: str, operation: str) -> str:
    """Where an operation of a resource is polled; `resource` is the resource's id."""
    return (
        f"{call.cloud.url}{resource}/operationStatuses/{operation}?api-version={call.api_version}"
    )


def _query(call: Call) -> str:
    return call.request.url.query
