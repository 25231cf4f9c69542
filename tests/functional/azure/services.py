"""Services without an image, in the emulator's workspace."""

from __future__ import annotations

from typing import Any

from acideploy.clock import SystemClock
from acideploy.errors import DeadlineError
from acideploy.observe import wait_for
from acideploy.targets.aci.group import (
    RECORD_TAG,
    REVISION_TAG,
    SERVICE_TAG,
    VERSION,
    Confidential,
)
from acideploy.targets.aci.record import Revision
from acideploy.targets.aci.target import AciTarget
from acideploy.targets.aci.view import is_moving

NAME = "iris-svc"


def group_named(target: AciTarget, name: str, number: int) -> dict[str, Any]:
    container = {
        "name": name,
        "properties": {
            "image": f"{target.azure.workspace.registry}/{repository(target)}@sha256:{'1' * 64}",
            "environmentVariables": [],
            "resources": {"requests": {"cpu": 1, "memoryInGB": 1}},
        },
    }
    return {
        "location": "westeurope",
        "tags": {SERVICE_TAG: name, REVISION_TAG: str(number)},
        "properties": {"containers": [container], "osType": "Linux"},
    }


def repository(target: AciTarget) -> str:
    return target.revisions(NAME).repository


def revision_of(target: AciTarget, number: int) -> Revision:
    return Revision(
        number=number,
        service=NAME,
        created_time="2026-11-25T10:00:00+00:00",
        image="i",
        image_id="i",
        parts={},
        group=group_named(target, NAME, number),
        auth_enabled=True,
    )


def deploy(target: AciTarget, number: int, *, confirmed: bool = True) -> str:
    """As a deploy does it, but for the image; the digest of the record."""
    revision = revision_of(target, number)
    title = target.azure.workspace.group_name(NAME)
    target.ensure_keys(title, primary=None, secondary=None)
    target.keep(revision, Confidential(variables={"API_KEY": "hunter2"}))
    digest = target.revisions(NAME).write(revision)
    if confirmed:
        target.revisions(NAME).confirm(digest, number)
    body = {**revision.group, "tags": {**revision.group["tags"], RECORD_TAG: digest}}
    target.azure.manager.send("PUT", target.path(NAME), VERSION, body=body)
    wait_for(
        lambda: None if is_moving(target.group(NAME)) else True,
        clock=SystemClock(),
        within=20,
        every=0.05,
        overdue=lambda: DeadlineError("the group is still on its way"),
    )
    return digest
