"""What all answers of Azure Machine Learning have in common."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.routes import Answer, Call, Route
from acideploy.emulator.cloud import long_time, new_id
from acideploy.emulator.store import Document

NAMESPACE = "Microsoft.MachineLearningServices"
WORKSPACES = f"{NAMESPACE}/workspaces"
WORKSPACE_KIND = WORKSPACES.lower()
WORKSPACE_PATH = (
    f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{WORKSPACES}/{{name}}"
)


def dressed(route: Route) -> Route:
    """A route whose answers have the headers of the service, errors of its own included."""

    async def answer(call: Call) -> Response:
        try:
            response = await route.answer(call)
        except ArmError as error:
            # Those of Resource Manager never came as far as the service.
            if "x-ms-failure-cause" not in error.headers:
                error.headers.update(_headers("error"))
            raise
        response.headers.update(_headers("standard"))
        return response

    result: Answer = answer
    return Route(route.method, route.path, result)


def find_workspace(call: Call) -> Document:
    """The workspace that the path leads through. Raises ArmError when there is none."""
    path = call.request.scope["path"]
    id = "/".join(path.split("/")[:9])
    if found := call.cloud.store.get(WORKSPACE_KIND, id.lower()):
        return found
    verb = "read" if call.request.method == "GET" else "write"
    rest = path.split("/")[9:]
    raise ArmError(
        404,
        "ParentResourceNotFound",
        f"Failed to perform '{verb}' on resource(s) of type "
        f"'{'/'.join(('workspaces', *rest[::2]))}', because the parent resource '{id}' could not "
        "be found.",
        gateway=True,
    )


def user_error(
    call: Call, status: int, message: str, *details: tuple[str, str], location: str = "westeurope"
) -> ArmError:
    """`UserError` with the codes and messages of what is behind it."""
    # `2024-05-09T20:19:06.4446116+00:00`, as the service writes all its times.
    now = asset_time(call)
    about: dict[str, Any] = {
        "ComponentName": "managementfrontend",
        "Correlation": {"operation": new_id().replace("-", ""), "request": new_id()[:16]},
        "Environment": location,
        "Location": location,
        "Time": now,
    }
    return ArmError(
        status,
        "UserError",
        message,
        error={
            "details": [
                {"code": code, "message": text, "details": [], "additionalInfo": []}
                for code, text in details
            ],
            "additionalInfo": [
                {"type": name, "info": {"value": value}} for name, value in about.items()
            ],
        },
    )


def not_found(call: Call, workspace: Document, code: str, message: str) -> ArmError:
    text = "The specified resource was not found."
    return user_error(call, 404, text, (code, message), location=workspace["location"])


def asset_time(call: Call) -> str:
    return long_time(call.cloud.clock.now())[:-1] + "+00:00"


def asset_system_data(call: Call, known: Document | None) -> dict[str, str]:
    """Who made a model or datastore, and who changed it last."""
    now, who = asset_time(call), str(call.caller.get("appid", ""))
    made = (known or {}).get("systemData", {})
    return {
        "createdAt": made.get("createdAt", now),
        "createdBy": made.get("createdBy", who),
        "createdByType": made.get("createdByType", "Application"),
        "lastModifiedAt": now,
        "lastModifiedBy": who,
        "lastModifiedByType": "Application",
    }


def _headers(kind: str) -> dict[str, str]:
    return {
        "request-context": "appId=cid-v1:2d2e8e63-272e-4b3c-8598-4ee570a0e70d",
        "x-ms-response-type": kind,
        "x-aml-cluster": "vienna-emulator-01",
        "x-request-time": "0.024",
    }
