"""Flags over a file, key by key."""

from __future__ import annotations

from collections.abc import Sequence

from acideploy.config.document import Entry, Node, Scalar, Table, is_null
from acideploy.config.problem import Place
from acideploy.config.values import Override


def overlay(table: Table, overrides: Sequence[Override]) -> Table:
    """Returns the table with each override's value at its dotted key, whatever was there."""
    for override in overrides:
        if override.value is not None:
            table = _with(table, override.key.split("."), _scalar(override))
    return table


def _scalar(override: Override) -> Scalar:
    value = override.value
    known = value if isinstance(value, (bool, int, float)) else str(value)
    return Scalar(place=Place(file=override.flag), value=known, text=str(value))


def _with(table: Table, path: Sequence[str], scalar: Scalar) -> Table:
    key, *rest = path
    node: Node = scalar
    place = scalar.place
    if rest:
        given = table.entries.get(key)
        inner = given.node if given and isinstance(given.node, Table) else None
        place = given.place if given and not is_null(given.node) else scalar.place
        node = _with(inner or Table(place=place, entries={}), rest, scalar)
    entries = {**table.entries, key: Entry(place=place, node=node)}
    return Table(place=table.place, entries=entries)
