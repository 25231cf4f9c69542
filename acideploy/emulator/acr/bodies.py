"""Checks that members of a request are of the kind they must be, before anyone uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from acideploy.emulator.arm.errors import invalid_content

# What requests for runs and the steps of tasks may have.
RUN_KINDS: Mapping[str, type] = {
    "imageNames": list,
    "isPushEnabled": bool,
    "noCache": bool,
    "dockerFilePath": str,
    "target": str,
    "taskFilePath": str,
    "valuesFilePath": str,
    "encodedTaskContent": str,
    "encodedValuesContent": str,
    "arguments": list,
    "values": list,
    "platform": dict,
    "agentConfiguration": dict,
    "sourceLocation": str,
    "contextPath": str,
    "timeout": int,
    "taskId": str,
    "taskName": str,
    "overrideTaskStepProperties": dict,
}


def check_kinds(body: Mapping[str, Any], kinds: Mapping[str, type]) -> None:
    """Raises ArmError for a member of another kind. One that is null is as good as missing."""
    for name, kind in kinds.items():
        value = body.get(name)
        if value is None or (isinstance(value, kind) and (kind is bool or value is not True)):
            continue
        raise invalid_content(f"The request content was invalid: '{name}' is of another type.")


def check_run(body: Mapping[str, Any]) -> None:
    """Raises ArmError for what cannot be a request for a run, or the step of a task."""
    check_kinds(body, RUN_KINDS)
    for name in ("arguments", "values"):
        for each in body.get(name) or ():
            if not isinstance(each, dict) or not isinstance(each.get("name"), str):
                raise invalid_content(
                    f"The request content was invalid: '{name}' are objects with a name."
                )
