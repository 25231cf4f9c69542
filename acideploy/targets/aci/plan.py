"""What a deploy to Azure would do: the layers, the container group, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from acideploy.plan import (
    AddressChange,
    Downtime,
    Effects,
    KeysFate,
    Plan,
    PlannedLayer,
    Step,
    Wanted,
)
from acideploy.targets.aci.changes import NAMING, Change, are_of_tags, verdict
from acideploy.targets.aci.prices import Price

# Fields that the cause of a step names.
_TOLD = 3


def make_azure_plan(
    wanted: Wanted,
    *,
    layers: Sequence[PlannedLayer],
    changes: Sequence[Change],
    present: Mapping[str, Any] | None,
    price: Price | None,
    keys: KeysFate,
    pull: str,
    group: str | None = None,
    location: str | None = None,
) -> Plan:
    """The plan for `wanted`, where `changes` are those of the container group that is there.

    `present` is that group as its GET gives it, None where there is none. `layers` are of the
    image from its bottom. `group` and `location` are where it is or will be, for people.
    """
    trouble = _trouble(present) if present else None
    keeps = present is not None and not changes and not trouble
    subject = " ".join(
        [f"container group {group or (present or {}).get('name') or wanted.name}"]
        + ([f"in {location}"] if location else [])
    )
    effects = Effects(
        layers=() if keeps else tuple(layers),
        changes=tuple(changes),
        downtime=_downtime(present, changes, trouble),
        address=_host(present) if present else None,
        address_change=_address_change(present, changes),
        keys=keys,
        pull=pull,
        price=price,
    )
    if keeps:
        keep = Step(action="keep", subject=f"service {wanted.name}", cause="nothing changed")
        return Plan(service=wanted.name, target="aci", steps=(keep,), effects=effects)
    steps = (*_layer_steps(layers), _group_step(subject, present, changes, trouble))
    return Plan(service=wanted.name, target="aci", steps=steps, effects=effects)


def _group_step(
    subject: str, present: Mapping[str, Any] | None, changes: Sequence[Change], trouble: str | None
) -> Step:
    if present is None:
        return Step(action="create", subject=subject, cause="there is no service of that name")
    fixed = [change.field for change in changes if not change.in_place]
    if fixed:
        cause = f"Azure cannot change {_joined(fixed)} of a group: it is deleted and made anew"
        return Step(action="replace", subject=subject, cause=cause)
    if not changes:
        return Step(action="change", subject=subject, cause=f"{trouble}: it is started again")
    cause = f"in place: {_joined([change.field for change in changes])}"
    return Step(action="change", subject=subject, cause=cause)


def _layer_steps(layers: Sequence[PlannedLayer]) -> list[Step]:
    """A step for each layer that has to be moved, and one for all that are there."""
    there = [layer for layer in layers if layer.action == "reuse"]
    steps = []
    if there:
        size = sum(layer.size or 0 for layer in there)
        count = "1 layer" if len(there) == 1 else f"{len(there)} layers"
        cause = f"{size:,} bytes, in the service's repository already"
        steps.append(Step(action="reuse", subject=count, cause=cause))
    steps += [
        Step(action=layer.action, subject=layer.title, cause=_layer_cause(layer))
        for layer in layers
        if layer.action != "reuse"
    ]
    return steps


def _layer_cause(layer: PlannedLayer) -> str:
    if layer.action == "make":
        packages = f", about {_megabytes(layer.size)} of packages" if layer.size else ""
        return f"not made yet{packages}"
    size = "of unknown size" if layer.size is None else f"{layer.size:,} bytes"
    return f"{size}, from {layer.source}" if layer.source else size


def _megabytes(size: int) -> str:
    return f"{max(size / 1e6, 1):,.0f} MB"


def _downtime(
    present: Mapping[str, Any] | None, changes: Sequence[Change], trouble: str | None
) -> Downtime:
    # Who does not answer is not missed.
    if present is None or trouble or are_of_tags(changes):
        return "none"
    return "replacement" if verdict(changes) == "replace" else "restart"


def _address_change(present: Mapping[str, Any] | None, changes: Sequence[Change]) -> AddressChange:
    if present is None:
        return "created"
    if any(change.field in NAMING for change in changes):
        return "name"
    return "ip" if verdict(changes) == "replace" else "none"


def _host(group: Mapping[str, Any]) -> str | None:
    address = group.get("properties", {}).get("ipAddress") or {}
    return address.get("fqdn") or address.get("ip")


def _trouble(group: Mapping[str, Any]) -> str | None:
    """Why an unchanged group would not do; None for one that runs or is on its way."""
    properties = group.get("properties", {})
    state = (properties.get("instanceView") or {}).get("state")
    if state == "Stopped":
        return "it is stopped"
    containers = properties.get("containers") or ()
    views = [each["properties"].get("instanceView") or {} for each in containers]
    current = [view.get("currentState") or {} for view in views]
    if properties.get("provisioningState") == "Failed" or state in ("Failed", "Succeeded"):
        return "it has ended"
    if any("CrashLoopBackOff" in str(each.get("detailStatus")) for each in current):
        return "it keeps crashing"
    return "it does not answer" if properties.get("provisioningState") == "Unhealthy" else None


def _joined(fields: Sequence[str]) -> str:
    """The first few, which tell why; every change is told by itself below."""
    more = len(fields) - _TOLD
    return ", ".join(fields[:_TOLD]) + (f" and {more} more" if more > 0 else "")
