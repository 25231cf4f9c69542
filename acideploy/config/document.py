"""One of the user's files as a tree in which every key and value knows its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from acideploy.config.problem import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """Text, a number, a boolean or nothing. `text` is the value as it was written."""

    place: Place
    value: str | int | float | bool | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    place: Place
    nodes: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key and what it holds. `place` is the key's."""

    place: Place
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    place: Place
    entries: Mapping[str, Entry]

    def scalar(self, *path: str) -> Scalar | None:
        """The scalar at the end of a path of keys; None when it is missing or null."""
        node = self.node(*path)
        return node if isinstance(node, Scalar) else None

    def table(self, *path: str) -> Table | None:
        node = self.node(*path)
        return node if isinstance(node, Table) else None

    def node(self, *path: str) -> Node | None:
        node: Node = self
        for key in path:
            entry = node.entries.get(key) if isinstance(node, Table) else None
            if entry is None:
                return None
            node = entry.node
        return None if is_null(node) else node

    def place_of(self, key: str) -> Place:
        """The place of the key, or of the table where it has none."""
        return self.entries[key].place if key in self.entries else self.place


Node: TypeAlias = Scalar | Items | Table


def is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def is_blank(node: Node) -> bool:
    """Whether it is empty text, which the retired tool took for "not given"."""
    return isinstance(node, Scalar) and isinstance(node.value, str) and not node.value.strip()


def plain(node: Node) -> object:
    """The node as JSON values."""
    match node:
        case Scalar(value=value):
            return value
        case Items(nodes=nodes):
            return [plain(each) for each in nodes]
        case Table(entries=entries):
            return {key: plain(entry.node) for key, entry in entries.items()}


def scalars(node: Node, key: str = "") -> Iterator[tuple[str, Scalar]]:
    """Every scalar with its dotted key."""
    match node:
        case Scalar():
            yield key, node
        case Items(nodes=nodes):
            for each in nodes:
                yield from scalars(each, key)
        case Table(entries=entries):
            for name, entry in entries.items():
                yield from scalars(entry.node, f"{key}.{name}" if key else name)
