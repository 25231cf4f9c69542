"""An earlier revision once more: nothing is uploaded, its image is still there."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from acideploy.clock import Clock
from acideploy.events import Emit
from acideploy.targets import Service
from acideploy.targets.aci.changes import changes, verdict
from acideploy.targets.aci.group import DEPLOY_TAG, RECORD_TAG, REVISION_TAG, Pull
from acideploy.targets.aci.target import AciTarget


def roll_back(
    target: AciTarget, name: str, *, to: int | None, pull: Pull, clock: Clock, emit: Emit
) -> Service:
    """Deploys what revision `to` was, else the one before the present, as a new revision.

    Raises NotFoundError where there is no such revision.
    """
    group = target.observe(name)
    earlier = target.require_revision(name, to)
    confidential = target.confidential(earlier)
    present = ((group or {}).get("tags") or {}).get(REVISION_TAG, "0")
    number = 1 + max(int(present), *target.revisions(name).numbers())
    body = dict(earlier.group)
    body["tags"] = {**body["tags"], REVISION_TAG: str(number)}
    body["properties"] = _numbered(body["properties"], number)
    revision = replace(earlier, number=number, group=body, created_time=clock.now().isoformat())
    target.keep(revision, confidential)
    tags = {
        **body["tags"],
        RECORD_TAG: target.revisions(name).write(revision),
        DEPLOY_TAG: secrets.token_hex(8),
    }
    return target.apply(
        revision,
        tags,
        pull=pull,
        wait=True,
        replacing=group is not None and verdict(changes(group, body)) == "replace",
        confidential=confidential,
        emit=emit,
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
