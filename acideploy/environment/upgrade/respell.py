"""A requirement with another version in it, spelt as the user spells it; and a file with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from acideploy.config.problem import Place

_NAME = r"(?P<name>(?:[^\s:]+::)?[A-Za-z0-9][\w.\-]*(?:\s*\[[^\]]*\])?)"
_PIP = re.compile(_NAME + r"(?P<wanted>[^;#]*?)(?P<after>\s*(?:;.*|\s\#.*)?)", re.DOTALL)
# One clause, with an operator that means the same with another version behind it.
_ONE = re.compile(r"(?P<operator>\s*(?:===?|~=|<=)\s*)[^\s,*|=]+\s*")
_ONE_OF_CONDA = re.compile(r"(?P<operator>\s*(?:={1,2}|~=|<=)\s*|\s+)[^\s,|=<>!~*]+(?:\.\*)?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Text at a place, and what to have there instead."""

    place: Place
    before: str
    after: str


def respelled(text: str, version: str, *, conda: bool) -> str:
    """`numpy=1.18` as `numpy=1.19.5`; the operator stays where it allows the version."""
    match = _PIP.fullmatch(text)
    assert match, text
    one = (_ONE_OF_CONDA if conda else _ONE).fullmatch(match["wanted"])
    operator = one["operator"] if one else "=" if conda else "=="
    return f"{match['name']}{operator}{version}{match['after']}"


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with each edit at its place; all else as it was, line ends too.

    Raises ValueError for a place that has another text, such as one that spans lines.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text.removeprefix(mark))
    for edit in sorted(edits, key=_position, reverse=True):
        line, column = _position(edit)
        found = lines[line - 1]
        start = found.find(edit.before, column - 1)
        # A quote, and blanks inside it, may stand before.
        if start < 0 or found[column - 1 : start].strip(" '\""):
            raise ValueError(f"{edit.before!r} is not all of what stands at {edit.place}")
        lines[line - 1] = found[:start] + edit.after + found[start + len(edit.before) :]
    return mark + "".join(lines)


def _position(edit: Edit) -> tuple[int, int]:
    return edit.place.line or 1, edit.place.column or 1
