"""What is asked for in a request to run something, whichever of the four kinds it is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from acideploy.emulator.acr.bodies import check_run
from acideploy.emulator.acr.registry_document import TYPE
from acideploy.emulator.acr.steps import (
    Step,
    TaskFileError,
    Variables,
    file_steps,
    read_values,
    requested_steps,
)
from acideploy.emulator.arm.errors import ArmError, invalid_content
from acideploy.emulator.store import Document, Store

KINDS = {
    "Docker": "DockerBuildRequest",
    "EncodedTask": "EncodedTaskRunRequest",
    "FileTask": "FileTaskRunRequest",
}
_NEEDED = {
    "DockerBuildRequest": ("dockerFilePath", "platform"),
    "EncodedTaskRunRequest": ("encodedTaskContent", "platform"),
    "FileTaskRunRequest": ("taskFilePath", "platform"),
}


def resolved_request(
    body: Mapping[str, Any], registry: Document, store: Store
) -> tuple[dict[str, Any], str | None]:
    """The request without the detour over a task, and the name of that task.

    Raises ArmError for what is no request.
    """
    check_run(body)
    kind = body.get("type")
    if kind == "TaskRunRequest":
        return _of_task(body, registry, store)
    if kind not in _NEEDED:
        raise invalid_content(f"The request content was invalid: unknown run request '{kind}'.")
    missing = [name for name in _NEEDED[kind] if not body.get(name)]
    if missing:
        raise ArmError(
            400, "InvalidParameter", f"The parameter '{missing[0]}' of the run request is missing."
        )
    return dict(body), None


def plan(request: Mapping[str, Any], variables: Variables) -> Callable[[Path], tuple[Step, ...]]:
    """Reads the steps of a request, in the folder of its source. It raises TaskFileError."""

    def steps(workspace: Path) -> tuple[Step, ...]:
        if request["type"] == "DockerBuildRequest":
            return requested_steps(request, variables)
        if request["type"] == "FileTaskRunRequest":
            text = _read(workspace, request["taskFilePath"])
            path = request.get("valuesFilePath")
            values = _read(workspace, path) if path else ""
        else:
            text = _decoded(request["encodedTaskContent"])
            values = _decoded(request.get("encodedValuesContent") or "")
        known = read_values(values)
        for each in request.get("values") or ():
            known[str(each["name"])] = str(each.get("value", ""))
        return file_steps(text, {**variables, "Values": known})

    return steps


def run_variables(
    registry: Document, run: Document, task: str | None, now: datetime
) -> dict[str, dict[str, str]]:
    """What `{{.Run...}}` stands for."""
    platform = run["properties"]["platform"]
    return {
        "Run": {
            "ID": run["name"],
            "Registry": registry["properties"]["loginServer"],
            "RegistryName": registry["name"],
            "Date": f"{now:%Y%m%d-%H%M%S}z",
            "OS": platform["os"],
            "Architecture": platform["architecture"],
            "TaskName": task or "quicktask",
            "TriggeredBy": "Manual",
            "SharedVolume": "/workspace",
        },
        "Values": {},
    }


def _of_task(
    body: Mapping[str, Any], registry: Document, store: Store
) -> tuple[dict[str, Any], str]:
    name = str(body.get("taskId") or body.get("taskName") or "").rpartition("/")[2]
    task = store.get(f"{TYPE}/tasks".lower(), f"{registry['id']}/tasks/{name}".lower())
    if task is None:
        raise ArmError(404, "TaskNotFound", f"The task '{name}' could not be found.")
    properties, changes = task["properties"], body.get("overrideTaskStepProperties") or {}
    check_run(changes)
    if properties.get("status") == "Disabled":
        raise ArmError(409, "TaskDisabled", f"The task '{name}' is disabled.")
    step = dict(properties["step"])
    for kind in ("arguments", "values"):
        if changed := changes.get(kind):
            known = {each["name"]: each for each in step.get(kind) or ()}
            step[kind] = list((known | {each["name"]: each for each in changed}).values())
    for name_there, name_here in _OVERRIDES.items():
        if changes.get(name_there):
            step[name_here.get(step["type"], name_there)] = changes[name_there]
    request = {
        **step,
        "type": KINDS[step["type"]],
        "sourceLocation": step.get("contextPath"),
        "platform": properties["platform"],
        "agentConfiguration": properties.get("agentConfiguration"),
        "timeout": properties["timeout"],
        "isArchiveEnabled": body.get("isArchiveEnabled", False),
    }
    return request, task["name"]


# Where a step has what a request for a run puts in its place.
_OVERRIDES: dict[str, dict[str, str]] = {
    "contextPath": {},
    "target": {},
    "file": {"Docker": "dockerFilePath", "FileTask": "taskFilePath"},
}


def _read(workspace: Path, name: str) -> str:
    path = (workspace / name).resolve()
    if not path.is_relative_to(workspace.resolve()) or not path.is_file():
        raise TaskFileError(f"failed to read {name}: no such file")
    return path.read_text("utf-8", "replace")


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise TaskFileError(f"failed to decode task: {error}") from error
