"""What jsonschema finds, in the user's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acideploy.config.checked import Findings
from acideploy.config.document import Items, Node, Scalar, Table, plain
from acideploy.config.placeholders import variable_in
from acideploy.config.schema import Fragment
from acideploy.config.spelling import nearest_word

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

COMPARISONS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
}


def report_violations(table: Table, fragment: Fragment, root: Fragment, findings: Findings) -> None:
    """Reports ranges, choices and patterns.

    Types and unknown keys are already dealt with; missing keys and keys that need each other
    have messages of their own, where they are used.
    """
    # jsonschema takes 50 ms to import: `--help` must not.
    from jsonschema import Draft202012Validator

    schema = {**fragment, "$defs": root["$defs"]}
    for error in Draft202012Validator(schema).iter_errors(plain(table)):
        _report(error, _node_at(table, error), findings)


def _report(error: ValidationError, node: Node, findings: Findings) -> None:
    name = ".".join(str(step) for step in error.absolute_path)
    limit: Any = error.validator_value
    shown = node.text if isinstance(node, Scalar) else ""
    match error.validator:
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            message = f"{name} has to be {COMPARISONS[error.validator]} {limit}, not {shown}"
            findings.error("out-of-range", message, node.place)
        case "enum":
            choices = [str(each) for each in limit if each is not None]
            near = None if shown[:1].isdigit() else nearest_word(shown, choices)
            findings.error(
                "bad-value",
                f"{name} is {shown!r}, which is not one of {', '.join(choices)}",
                node.place,
                f"did you mean {near}?" if near else None,
            )
        case "pattern" if variable_in(shown) is None:
            schema = error.schema
            rule = schema.get("x-rule", limit) if isinstance(schema, dict) else limit
            is_warning = isinstance(schema, dict) and schema.get("x-severity") == "warning"
            report = findings.warning if is_warning else findings.error
            report("bad-value", f"{name} is {shown!r}: {rule}", node.place)


def _node_at(node: Node, error: ValidationError) -> Node:
    for step in error.absolute_path:
        match node:
            case Table(entries=entries) if isinstance(step, str) and step in entries:
                node = entries[step].node
            case Items(nodes=nodes) if isinstance(step, int):
                node = nodes[step]
    return node
