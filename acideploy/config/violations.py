"""Ranges, choices and patterns of the schema, in the user's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from operator import ge, gt, le, lt
from typing import Any

from acideploy.config.checked import Findings
from acideploy.config.document import Items, Node, Scalar, Table
from acideploy.config.placeholders import variable_in
from acideploy.config.schema import Fragment, resolve
from acideploy.config.spelling import nearest_word

COMPARISONS: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "minimum": (ge, "at least"),
    "exclusiveMinimum": (gt, "more than"),
    "maximum": (le, "at most"),
    "exclusiveMaximum": (lt, "less than"),
}


def report_violations(table: Table, fragment: Fragment, root: Fragment, findings: Findings) -> None:
    """Reports ranges, choices and patterns.

    Types and unknown keys are already dealt with; missing keys and keys that need each other
    have messages of their own, where they are used. These few words of JSON Schema are read here:
    importing jsonschema takes 50 ms, and every command that reads a file would pay for it.
    """
    for name, scalar, holds in _held(table, fragment, root):
        _report(name, scalar, holds, findings)


def _held(
    node: Node, fragment: Fragment, root: Fragment, name: str = ""
) -> Iterator[tuple[str, Scalar, Fragment]]:
    """Every scalar with its dotted key, and what the schema says of it."""
    holds = resolve(fragment, root)
    above = f"{name}." if name else ""
    match node:
        case Scalar():
            yield name, node, holds
        case Items(nodes=nodes):
            for number, each in enumerate(nodes):
                yield from _held(each, holds.get("items", {}), root, f"{above}{number}")
        case Table(entries=entries):
            known, free = holds.get("properties", {}), holds.get("additionalProperties")
            for key, entry in entries.items():
                of = known.get(key, free)
                yield from _held(entry.node, of if isinstance(of, dict) else {}, root, above + key)


def _report(name: str, scalar: Scalar, holds: Fragment, findings: Findings) -> None:
    value, shown = scalar.value, scalar.text
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    for word, limit in holds.items():
        match word:
            case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum" if is_number:
                within, comparison = COMPARISONS[word]
                if not within(value, limit):
                    message = f"{name} has to be {comparison} {limit}, not {shown}"
                    findings.error("out-of-range", message, scalar.place)
            case "enum" if value not in limit:
                choices = [str(each) for each in limit if each is not None]
                near = None if shown[:1].isdigit() else nearest_word(shown, choices)
                findings.error(
                    "bad-value",
                    f"{name} is {shown!r}, which is not one of {', '.join(choices)}",
                    scalar.place,
                    f"did you mean {near}?" if near else None,
                )
            case "pattern" if isinstance(value, str) and not re.search(limit, value):
                if variable_in(shown) is None:
                    is_warning = holds.get("x-severity") == "warning"
                    report = findings.warning if is_warning else findings.error
                    message = f"{name} is {shown!r}: {holds.get('x-rule', limit)}"
                    report("bad-value", message, scalar.place)
