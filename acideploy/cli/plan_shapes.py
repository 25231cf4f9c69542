"""A plan as JSON, as the rows of a table, and as text."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeAlias

from acideploy.cli.cells import cut

if TYPE_CHECKING:
    from acideploy.plan import Effects, Plan
    from acideploy.targets.aci.changes import Change
    from acideploy.targets.aci.prices import Price

Shape: TypeAlias = dict[str, Any]

_DOWNTIME = {
    "none": "none",
    "restart": "while the container starts anew",
    "replacement": "from when the group is deleted until the new one answers",
}
_KEYS = {
    "kept": "kept",
    "made": "two are made",
    "none": "none: whoever reaches the service may use it",
}


def plan(value: Plan) -> Shape:
    shape: Shape = {
        "service": value.service,
        "target": value.target,
        "steps": [
            {"action": step.action, "subject": step.subject, "cause": step.cause}
            for step in value.steps
        ],
    }
    return {**shape, **_effects(value.effects)} if value.effects else shape


def plan_rows(value: Plan) -> list[Shape]:
    """A row per step; an ordered one, whose columns keep their order in every format."""
    return [OrderedDict(step) for step in plan(value)["steps"]]


def plan_text(value: Plan) -> str:
    """One line per step, with its cause beside it; then what changes, and what follows."""
    width = max((len(f"{step.action} {step.subject}") for step in value.steps), default=0)
    lines = [f"plan for {value.service} ({value.target}):"]
    for step in value.steps:
        what = f"{step.action} {step.subject}"
        lines.append(f"  {what:<{width}}  {step.cause}".rstrip())
    if value.effects and not value.keeps_service:
        lines += _change_lines(value.effects.changes)
        lines += _effect_lines(value.effects)
    return "\n".join(lines)


def _effects(effects: Effects) -> Shape:
    return {
        "layers": [
            {
                "action": layer.action,
                "title": layer.title,
                "bytes": layer.size,
                "from": layer.source,
            }
            for layer in effects.layers
        ],
        "changes": [
            {
                "field": change.field,
                "before": change.before,
                "after": change.after,
                "inPlace": change.in_place,
            }
            for change in effects.changes
        ],
        "downtime": effects.downtime,
        "address": effects.address,
        "addressChange": effects.address_change,
        "keys": effects.keys,
        "pull": effects.pull,
        "price": _price(effects.price) if effects.price else None,
    }


def _price(price: Price) -> Shape:
    return {
        "perHour": price.per_hour,
        "perMonth": price.per_month,
        "currency": price.currency,
        "source": price.source,
        "asOf": price.as_of.isoformat(),
    }


def _change_lines(changes: tuple[Change, ...]) -> list[str]:
    width = max((len(change.field) for change in changes), default=0)
    return [f"    {change.field:<{width}}  {_change(change)}" for change in changes]


def _change(change: Change) -> str:
    before, after = _short(change.before), _short(change.after)
    if change.before is None:
        return f"added: {after}"
    if change.after is None:
        return f"removed: {before}"
    if change.before == change.after:
        return "changed"
    name, at, _ = before.partition("@sha256:")
    if at and after.startswith(f"{name}{at}"):
        # Of two images of one name the digests say all.
        before, after = before[len(name) + 1 :], after[len(name) + 1 :]
    return f"{before} -> {after}"


def _short(value: str | None) -> str:
    """In one line, as wide as a line bears; of a digest the first digits."""
    text = re.sub(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}", r"\1", value or "")
    if "@sha256:" in text:
        return text
    if not text or not text.isprintable():
        text = json.dumps(text)
    return cut(text)


def _effect_lines(effects: Effects) -> list[str]:
    told = {
        "downtime": _DOWNTIME[effects.downtime],
        "address": _address(effects),
        "keys": _KEYS[effects.keys],
        "pull": effects.pull,
    }
    if price := effects.price:
        told["cost"] = (
            f"{price.per_hour:.4f} {price.currency} an hour, {price.per_month:.2f} a month "
            f"(730 h), by {price.source}, {price.as_of}"
        )
    return [f"  {name:<8}  {text}" for name, text in told.items()]


def _address(effects: Effects) -> str:
    match effects.address_change, effects.address:
        case "created", _:
            return "a new one"
        case "name", address:
            return f"a new one, in place of {address}" if address else "a new one"
        case "ip", address if address and not re.fullmatch(r"[0-9.]+", address):
            return f"{address} stays, its IP address does not"
        case "ip", address:
            return f"another IP address than {address}" if address else "another"
        case _, address:
            return f"{address} stays" if address else "stays"
