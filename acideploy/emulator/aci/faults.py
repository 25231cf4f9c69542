"""What rules have go wrong with requests for container groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from acideploy.emulator.aci.images import image_error_by_rule
from acideploy.emulator.aci.quotas import QUOTAS, capacity_error
from acideploy.emulator.aci.refusals import quota_reached
from acideploy.emulator.store import Document


def refuse_by_rule(group: Document, faults: Mapping[str, Any]) -> None:
    """Raises the ArmError that a rule says a new group shall be refused with."""
    region = group["location"]
    if faults.get("capacity"):
        raise capacity_error(group, region)
    if name := faults.get("quota"):
        name = name if isinstance(name, str) else "StandardCores"
        limit = next((each.limit for each in QUOTAS if each.name == name), 0)
        raise quota_reached(name, region, limit=limit, usage=limit, requested=1)
    if isinstance(code := faults.get("imagePull"), str):
        raise image_error_by_rule(code, group, group["name"])


def lasting(faults: Mapping[str, Any]) -> dict[str, Any]:
    """The faults that stay with a group that was taken.

    `crash` ends each run of its containers, or of `container`, with `exitCode` after `after`
    seconds; `imagePull` that is no code fails each pull; `slowStart` waits once.
    """
    return {name: faults[name] for name in ("crash", "slowStart", "imagePull") if name in faults}
