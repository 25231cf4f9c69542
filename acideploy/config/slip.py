"""What is wrong with a text that is neither JSON nor YAML."""

from __future__ import annotations

import re

from acideploy.config.placeholders import REPLACE_IT, variable_in
from acideploy.config.problem import Place
from acideploy.config.source import SECRET, Source

# Nobody writes longer ones, and some patterns take quadratic time.
LONGEST_LINE = 500
NO_SPACE_AFTER_COLON = re.compile(r"""^[\s{,-]*(["']?[\w$.-]+["']?):([^\s:/\\].*)$""")
NO_SPACE_AFTER_DASH = re.compile(r"^\s*-([\w\"'].*)$")
CONFLICT = re.compile(r"^<<<<<<< ", re.MULTILINE)
BACKSLASH_PATH = re.compile(r'"[^"]*[\w.:]\\[^"]*"')
AFTER_THE_END = "after the end"
UNENDED_JSON_LINE = re.compile(r"""["'\w\]}]\s*$""")


class Slip(Exception):
    """Reading stopped at `offset`; `message` says why."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class Excess(Slip):
    """The text is too deep or too large for any reader."""


def guess_hint(source: Source, slip: Slip) -> str | None:
    """The most likely edit that mends it."""
    place = source.place(slip.offset)
    number = place.line or 1
    line = source.line(number)[:LONGEST_LINE]
    before = _line_before(source, number)[:LONGEST_LINE]
    for each in (line, before):
        if hint := space_after_colon(each, source.text):
            return hint
        if found := NO_SPACE_AFTER_DASH.match(each):
            return f"put a space after the dash: - {found[1].strip()}"
    if "\t" in line[: place.column]:
        return "indent with spaces: YAML does not allow tabs"
    if BACKSLASH_PATH.search(line) and "escape" in slip.message:
        return "write paths with / instead of \\"
    if variable := variable_in(line):
        return f"{variable} was not replaced by a value: {REPLACE_IT}"
    if _lacks_comma(source.text, slip, line, before):
        return "put a comma at the end of the line above"
    if line.count('"') % 2:
        return 'a " is missing in this line'
    if "mapping values are not allowed" in slip.message:
        return "put the value in quotes, or give the line the indentation of its neighbours"
    return None


def space_after_colon(line: str, text: str) -> str | None:
    """The line's key and value as they should be written; None when that is not what is wrong.

    In JSON, which `text` tells, a key in quotes needs no space.
    """
    found = NO_SPACE_AFTER_COLON.match(line[:LONGEST_LINE])
    if found is None or (found[1][0] in "\"'" and _is_json(text)):
        return None
    value = "..." if SECRET.search(line) else found[2].strip()
    return f"put a space after the colon: {found[1]}: {value}"


def merge_conflict(source: Source) -> Place | None:
    """Where a conflict begins that was never resolved."""
    found = CONFLICT.search(source.text)
    return source.place(found.start()) if found else None


def _line_before(source: Source, number: int) -> str:
    """The nearest line above that is not empty."""
    for each in range(number - 1, 0, -1):
        if source.line(each).strip():
            return source.line(each)
    return ""


def _is_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def _lacks_comma(text: str, slip: Slip, line: str, before: str) -> bool:
    return (
        _is_json(text)
        and line.lstrip()[:1] in ('"', "'", "{", "[")
        and UNENDED_JSON_LINE.search(before) is not None
        and slip.offset < len(text)
        and AFTER_THE_END not in slip.message
    )
