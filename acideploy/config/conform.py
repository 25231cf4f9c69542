"""A tree against its schema: unknown keys, types, ranges; every finding with its place."""

from __future__ import annotations

from dataclasses import dataclass

from acideploy.config.checked import Findings
from acideploy.config.coerce import coerce
from acideploy.config.document import Entry, Items, Node, Scalar, Table, is_blank, is_null
from acideploy.config.problem import Place
from acideploy.config.schema import (
    Fragment,
    dotted_keys,
    load_schema,
    properties,
    resolve,
    types,
)
from acideploy.config.spelling import known_as, nearest_key
from acideploy.config.violations import report_violations

SECRETS = frozenset({"primaryKey", "secondaryKey", "password"})
# What to call JSON's types in a message.
WORDS = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "keys with values",
    "array": "a list",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of table: its schema, and the names of the kinds whose keys it may be given."""

    name: str
    root: Fragment
    fragment: Fragment
    relatives: tuple[str, ...] = ()


def inference_kind() -> Kind:
    root = load_schema("inferenceconfig")
    return Kind(name="inference config", root=root, fragment=root)


def environment_kind() -> Kind:
    """An environment object by itself, as in `azureml_environment.json`."""
    root = load_schema("inferenceconfig")
    fragment = resolve(root["properties"]["environment"], root)
    return Kind(name="environment", root=root, fragment=fragment)


def conda_kind() -> Kind:
    root = load_schema("inferenceconfig")
    return Kind(name="conda file", root=root, fragment=root["$defs"]["conda"])


def deployment_kind(compute_type: str) -> Kind:
    root = load_schema("deploymentconfig")
    return Kind(
        name=compute_type,
        root=root,
        fragment=root["$defs"][compute_type],
        relatives=("aci", "local", "aks", "aksendpoint"),
    )


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
        for key, entry in table.entries.items():
            name = f"{above}.{key}" if above else key
            holds = known.get(key) or (free if isinstance(free, dict) else None)
            if holds is None and free is False:
                self._unknown(key, name, above, entry, table)
            elif self._counts(name, known.get(key), entry):
                node = self._node(entry.node, holds or {}, name)
                if node is not None:
                    entries[key] = Entry(place=entry.place, node=node)
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
            case Scalar():
                return self._scalar(node, allowed, name)
        self._wrong_type(name, allowed, node)
        return None

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
        expected = " or ".join(WORDS[each] for each in allowed)
        self._findings.error(
            "wrong-type", f"{name} has to be {expected}, not {_shown(name, node)}", node.place
        )

    def _unknown(self, key: str, name: str, above: str, entry: Entry, table: Table) -> None:
        root = self._kind.root
        meant = known_as(key, above, self._kind.fragment, root)
        if meant is None and self._belongs_elsewhere(key, name, above, entry.place):
            return
        meant = meant or nearest_key(key, above, self._kind.fragment, root)
        home, _, last = (meant or name).rpartition(".")
        if home != above:
            self._misplaced(key, last, home, entry, table)
            return
        # Without a value, nothing that the user asked for is lost.
        report = self._findings.note if is_null(entry.node) else self._findings.warning
        report(
            "unknown-key",
            f"{name} is not a key, so it is ignored",
            entry.place,
            f"did you mean {last}?" if meant else None,
        )

    def _belongs_elsewhere(self, key: str, name: str, above: str, place: Place) -> bool:
        """Whether another kind has the key; says which."""
        for other in self._kind.relatives:
            fragment = self._kind.root["$defs"][other]
            keys = dict(dotted_keys(fragment, self._kind.root))
            meant = name if name in keys else known_as(key, above, fragment, self._kind.root)
            if meant:
                which = "it" if meant == name else meant
                self._findings.warning(
                    "ignored-key",
                    f"{name} has no effect for {self._kind.name}: {which} is for {other}",
                    place,
                )
                return True
        return False

    def _misplaced(self, key: str, last: str, home: str, entry: Entry, table: Table) -> None:
        """The right key in the wrong table. Where that table is empty, the indentation slipped,
        and ignoring the key would run something that nobody asked for."""
        empty = table.entries.get(home)
        if empty is not None and is_null(empty.node):
            self._findings.error(
                "misplaced-key",
                f"{home} is empty, and {key} is not a key at this level",
                entry.place,
                f"indent {key}, so that it belongs to {home}",
            )
            return
        report = self._findings.note if is_null(entry.node) else self._findings.warning
        report(
            "misplaced-key",
            f"{key} is not a key here, so it is ignored",
            entry.place,
            f"did you mean {last} {f'inside {home}' if home else 'at the top level'}?",
        )


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
