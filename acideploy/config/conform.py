"""A tree against its schema: unknown keys, types, ranges; every finding with its place."""

from __future__ import annotations

import re

from acideploy.config.checked import Findings
from acideploy.config.coerce import coerce
from acideploy.config.document import Entry, Items, Node, Scalar, Table, is_blank, is_null
from acideploy.config.kinds import Kind
from acideploy.config.placeholders import REPLACE_IT, variable_in
from acideploy.config.schema import Fragment, properties, types
from acideploy.config.unknown_keys import report_unknown_keys
from acideploy.config.violations import report_violations

SECRETS = frozenset({"primaryKey", "secondaryKey", "password"})
HOW_TO_LIST = "write a list: a line with a dash for each item, or brackets with commas"
WITH_UNIT = re.compile(r"[\d.]+\s*[A-Za-z]+")
DECIMAL_COMMA = re.compile(r"(\d+),(\d{1,2})")
# What to call JSON's types in a message.
WORDS = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "keys with values",
    "array": "a list",
}


def conform(table: Table, kind: Kind, findings: Findings) -> Table:
    """Returns the table as the schema has it: known keys, right types, nulls left out."""
    shaped = _Shaper(kind, findings).table(table, kind.fragment, "")
    report_violations(shaped, kind.fragment, kind.root, findings)
    return shaped


class _Shaper:
    def __init__(self, kind: Kind, findings: Findings) -> None:
        self._kind = kind
        self._findings = findings

    def table(self, table: Table, fragment: Fragment, above: str) -> Table:
        known = properties(fragment, self._kind.root)
        free = fragment.get("additionalProperties", True)
        entries: dict[str, Entry] = {}
        unknown: list[str] = []
        for key, entry in table.entries.items():
            name = f"{above}.{key}" if above else key
            holds = known.get(key) or (free if isinstance(free, dict) else None)
            if holds is None and free is False:
                unknown.append(key)
            elif self._counts(name, known.get(key), entry):
                node = self._node(entry.node, holds or {}, name)
                if node is not None:
                    entries[key] = Entry(place=entry.place, node=node)
        report_unknown_keys(unknown, above, table=table, kind=self._kind, findings=self._findings)
        return Table(place=table.place, entries=entries)

    def _counts(self, name: str, holds: Fragment | None, entry: Entry) -> bool:
        """Whether the key has a value and an effect; says so when it has no effect."""
        if is_null(entry.node) or (holds is not None and is_blank(entry.node)):
            return False
        why = (holds or {}).get("x-ignored")
        if why is None and entry.node.place.line is not None:
            why = (holds or {}).get("x-flag-only")
        if why is not None:
            self._findings.warning("ignored-key", f"{name} has no effect: {why}", entry.place)
        return why is None

    def _node(self, node: Node, holds: Fragment, name: str) -> Node | None:
        allowed = types(holds)
        match node:
            case Scalar() if is_null(node):
                return None
            case Table() if "object" in allowed or not allowed:
                return self.table(node, holds, name)
            case Items(nodes=nodes) if "array" in allowed or not allowed:
                of = holds.get("items", {})
                kept = (self._node(each, of, name) for each in nodes)
                return Items(place=node.place, nodes=tuple(each for each in kept if each))
            case Scalar() if not allowed:
                return node
            case Scalar() if allowed == ("array",):
                return self._one_item(node, name)
            case Scalar():
                return self._scalar(node, allowed, name)
        self._wrong_type(name, allowed, node)
        return None

    def _one_item(self, scalar: Scalar, name: str) -> Items | None:
        if len(scalar.text.split()) > 1:
            # Several lines without dashes, which YAML joins.
            self._findings.error(
                "wrong-type",
                f"{name} has to be a list, not {_shown(name, scalar)}",
                scalar.place,
                HOW_TO_LIST,
            )
            return None
        self._findings.warning(
            "loose-type",
            f"{name} is a list; {_shown(name, scalar)} is read as its only item",
            scalar.place,
            HOW_TO_LIST,
        )
        return Items(place=scalar.place, nodes=(scalar,))

    def _scalar(self, scalar: Scalar, allowed: tuple[str, ...], name: str) -> Scalar | None:
        read = coerce(scalar, allowed)
        if read is None:
            self._wrong_type(name, allowed, scalar)
        elif read.value is not scalar.value and scalar.place.line is not None:
            self._read_loosely(name, scalar, read)
        return read

    def _read_loosely(self, name: str, scalar: Scalar, read: Scalar) -> None:
        if isinstance(read.value, str):
            message = f"{name} is text; {_shown(name, scalar)} is read as written"
            hint = "put it in quotes"
        else:
            word = str(read.value).lower()
            message = f"{name} is {_shown(name, scalar)}, which is read as {word}"
            hint = f"write {word}" + (" without quotes" if isinstance(scalar.value, str) else "")
        self._findings.warning("loose-type", message, scalar.place, hint)

    def _wrong_type(self, name: str, allowed: tuple[str, ...], node: Node) -> None:
        if isinstance(node, Scalar) and (variable := variable_in(node.text)):
            self._findings.error(
                "unreplaced-variable",
                f"{variable} in {name} was not replaced by a value",
                node.place,
                REPLACE_IT,
            )
            return
        expected = " or ".join(WORDS[each] for each in allowed)
        self._findings.error(
            "wrong-type",
            f"{name} has to be {expected}, not {_shown(name, node)}",
            node.place,
            _plain_number(node) if "number" in allowed or "integer" in allowed else None,
        )


def _plain_number(node: Node) -> str | None:
    """The edit for a number with a unit or a decimal comma."""
    text = node.text.strip() if isinstance(node, Scalar) else ""
    if found := DECIMAL_COMMA.fullmatch(text):
        return f"write it with a point: {found[1]}.{found[2]}"
    return "write a number without a unit" if WITH_UNIT.fullmatch(text) else None


def _shown(name: str, node: Node) -> str:
    """The value as the user wrote it, unless it is a secret."""
    match node:
        case Scalar() if name.rpartition(".")[2] in SECRETS:
            return "this value"
        case Scalar(value=str() as text):
            return repr(text[:60])
        case Scalar(text=text):
            return text[:60]
        case Items():
            return "a list"
        case Table():
            return "keys with values"
