"""What a group that is there can become."""

from __future__ import annotations

from typing import Any

from acideploy.emulator.aci import views
from acideploy.emulator.aci.checks import port_of
from acideploy.emulator.aci.refusals import cannot_update, transitioning
from acideploy.emulator.store import Document


def check_change(group: Document, known: Document | None) -> None:
    """Raises ArmError when a group cannot become this now, or not without being deleted first."""
    if known is None:
        return
    if views.is_transitioning(known):
        raise transitioning(known["name"])
    # What runs no more is deployed as new, whatever it becomes.
    if views.group_state(known) == "Running" and _fixed(group) != _fixed(known):
        raise cannot_update(known["name"])


def _fixed(group: Document) -> Any:
    properties = group["properties"]
    address = properties.get("ipAddress", {})
    return (
        properties["osType"],
        properties.get("restartPolicy", "Always"),
        [each["properties"]["resources"] for each in properties["containers"]],
        address.get("type"),
        sorted(port_of(port) for port in address.get("ports", [])),
        properties.get("networkProfile"),
        properties.get("subnetIds"),
        properties.get("sku", "Standard"),
        properties.get("priority", "Regular"),
        group.get("zones"),
    )


def is_same(group: Document, known: Document) -> bool:
    """Whether a running group is asked for what it is."""
    mine, theirs = group.get("identity", {}), known.get("identity", {})
    return (
        views.group_state(known) == "Running"
        and group["properties"] == known["properties"]
        and group.get("zones") == known.get("zones")
        and mine.get("type") == theirs.get("type")
        and list(mine.get("userAssignedIdentities", {}))
        == list(theirs.get("userAssignedIdentities", {}))
    )
