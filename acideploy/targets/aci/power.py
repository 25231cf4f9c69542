"""A container group is stopped, or run again as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from acideploy.errors import AzureError
from acideploy.events import Emit
from acideploy.targets import Service
from acideploy.targets.aci.group import VERSION
from acideploy.targets.aci.rollout import look_before
from acideploy.targets.aci.turn import require_idle, under_way

if TYPE_CHECKING:
    from acideploy.targets.aci.target import AciTarget


def run_again(target: AciTarget, name: str, verb: str, emit: Emit) -> Service:
    """The service once it answers. Raises BusyError where an operation on it is under way."""
    group = target.group(name)
    require_idle(group, name)
    before = look_before(target.azure.manager, str(group["id"]))
    ask(target, group, verb, name)
    if revision := target.revision_of(group):
        target.wait(revision, before=before, emit=emit)
    return target.find(name)


def ask(target: AciTarget, group: Mapping[str, Any], verb: str, name: str) -> None:
    """Raises BusyError where Azure has another operation on the group under way."""
    try:
        target.azure.manager.send("POST", f"{group['id']}/{verb}", VERSION)
    except AzureError as error:
        if error.status == 409:
            raise under_way(name) from error
        raise
