"""An earlier revision once more: nothing is uploaded, its image is still there."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from acideploy.clock import Clock
from acideploy.errors import NotFoundError
from acideploy.events import Emit
from acideploy.targets import Service
from acideploy.targets.aci.changes import changes, verdict
from acideploy.targets.aci.group import (
    DEPLOY_TAG,
    RECORD_TAG,
    REVISION_TAG,
    VERSION,
    Confidential,
    Pull,
)
from acideploy.targets.aci.record import Revision
from acideploy.targets.aci.target import AciTarget
from acideploy.targets.aci.turn import require_idle, unchanged_since
from acideploy.targets.aci.view import revision_number


def roll_back(
    target: AciTarget, name: str, *, to: int | None, pull: Pull, clock: Clock, emit: Emit
) -> Service:
    """Deploys what revision `to` was, else the one before the present, as a new revision.

    Raises NotFoundError where there is no such revision, StorageError where its secrets are gone,
    and BusyError where somebody else is at it.
    """
    group = target.observe(name)
    earlier = require_revision(target, name, to)
    require_idle(group, name)
    confidential = target.confidential(earlier)
    number = next_number(target, group, name)
    body = dict(earlier.group)
    body["tags"] = {**body["tags"], REVISION_TAG: str(number)}
    body["properties"] = _numbered(body["properties"], number)
    revision = replace(earlier, number=number, group=body, created_time=clock.now().isoformat())
    return redeploy(target, revision, group, confidential, pull=pull, wait=True, emit=emit)


def redeploy(
    target: AciTarget,
    revision: Revision,
    present: Mapping[str, Any] | None,
    confidential: Confidential,
    *,
    pull: Pull,
    wait: bool,
    emit: Emit,
) -> Service:
    """Has a revision, whose image is there, take the place of the group `present`.

    Raises BusyError where somebody else has changed that meanwhile.
    """
    allow = unchanged_since(present, revision.service)
    # What another deploy keeps by the same number is not to be replaced.
    allow(target.azure.manager.get(target.path(revision.service), VERSION))
    target.keep(revision, confidential)
    body = revision.group
    tags = {
        **body["tags"],
        RECORD_TAG: target.revisions(revision.service).write(revision),
        DEPLOY_TAG: secrets.token_hex(8),
    }
    return target.apply(
        revision,
        tags,
        pull=pull,
        wait=wait,
        replacing=present is not None and verdict(changes(present, body)) == "replace",
        confidential=confidential,
        allow=allow,
        emit=emit,
    )


def next_number(target: AciTarget, group: Mapping[str, Any] | None, name: str) -> int:
    """That of the revision after the present one, and after each that was healthy."""
    return 1 + max(revision_number(group or {}), *target.revisions(name).numbers(), 0)


def require_revision(target: AciTarget, name: str, number: int | None) -> Revision:
    """The revision of that number, else the one before the present. Raises NotFoundError."""
    group, numbers = target.observe(name), target.revisions(name).numbers()
    # A deploy that failed may have deleted the group: its history is there still.
    if group is None and not numbers:
        target.group(name)
    present = target.revision_of(group) if group else None
    earlier = [each for each in numbers if present is None or each < present.number]
    wanted = number or next(iter(earlier), None)
    found = target.revisions(name).read(f"r{wanted}") if wanted in numbers else None
    if found:
        return found
    known = ", ".join(map(str, numbers)) or "none"
    raise NotFoundError(
        f"service {name} has no revision {number or 'before this one'}; there are: {known}",
        hint=f"acideploy service history -n {name}",
    )


def _numbered(properties: dict[str, Any], number: int) -> dict[str, Any]:
    """The container answers with the number of its revision: the new one's."""
    [container] = properties["containers"]
    variables = [
        {**each, "value": str(number)} if each["name"] == "ACIDEPLOY_REVISION" else each
        for each in container["properties"]["environmentVariables"]
    ]
    changed = {**container["properties"], "environmentVariables": variables}
    return {**properties, "containers": [{**container, "properties": changed}]}
