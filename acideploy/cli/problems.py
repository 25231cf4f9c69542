"""A problem as text for people and as JSON for machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from acideploy.config.problem import Place, Problem

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}

# Lines longer than this are cut round the column.
_WIDTH = 100


def described(problem: Problem, *, colour: bool) -> str:
    """`file:line:column: severity: message [code]`, the line with a caret below, and the hint."""
    severity = (
        click.style(problem.severity, fg=_COLOURS[problem.severity])
        if colour
        else (problem.severity)
    )
    where = f"{problem.place}: " if problem.place else ""
    lines = [f"{where}{severity}: {problem.message} [{problem.code}]"]
    if problem.place and problem.place.text is not None:
        lines += shown(problem.place)
    if problem.hint:
        lines.append(f"  hint: {problem.hint}")
    return "\n".join(lines)


def as_json(problems: Iterable[Problem]) -> list[dict[str, object]]:
    """Objects with file, line, column, severity, code, message and hint; null where unknown."""
    return [
        {
            "file": problem.place.file if problem.place else None,
            "line": problem.place.line if problem.place else None,
            "column": problem.place.column if problem.place else None,
            "severity": problem.severity,
            "code": problem.code,
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in problems
    ]


def counted(problems: Iterable[Problem]) -> str:
    """`1 error, 2 warnings`; the kinds that were not met are left out."""
    severities = [problem.severity for problem in problems]
    counts = [
        f"{number} {severity}{'s' if number > 1 else ''}"
        for severity in _COLOURS
        if (number := severities.count(severity))  # type: ignore[arg-type]
    ]
    return ", ".join(counts) or "no problems"


def relative(place: Place) -> Place:
    """The place as the user would write it here: a file below the current directory by its name."""
    try:
        here = Path.cwd()
        is_root = here == here.parent
        return place if is_root else replace(place, file=str(Path(place.file).relative_to(here)))
    except (ValueError, OSError):
        return place


def shown(place: Place) -> list[str]:
    """The line, and below it a caret at the column."""
    text = (place.text or "").rstrip("\r\n")
    column = min(place.column or 1, len(text) + 1)
    start = max(0, column - _WIDTH // 2) if len(text) > _WIDTH else 0
    before = text[start : column - 1]
    # Tabs stay tabs, so that the caret stands below its character.
    indent = "".join("\t" if character == "\t" else " " for character in before)
    return [f"    {text[start : start + _WIDTH]}", f"    {indent}^"]
