"""Requirement files that a conda file names: their lines, each with a place of its own.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Set
from dataclasses import replace
from pathlib import Path

from acideploy.config.problem import Place
from acideploy.config.values import CondaEnvironment, Requirement
from acideploy.environment.pip_lines import distribution, is_moving, is_option

# pip reads no more of the line than that.
_FILE = re.compile(r"(?:-r|--requirement)[\s=]*(?P<path>[^\s=]\S*)")
_COMMENT = re.compile(r"(?:^|\s+)#.*")


def with_requirement_files(conda: CondaEnvironment, directory: Path) -> CondaEnvironment:
    """The same with the lines of requirement files in the place of `-r FILE`.

    Paths are relative to `directory`. A file that is not there, or with lines that only uv
    understands (hashes, paths), is left to uv.
    """
    return replace(conda, pip=tuple(_lines_of(conda, directory)))


def _lines_of(conda: CondaEnvironment, directory: Path) -> Iterator[Requirement]:
    for requirement in conda.pip:
        named = _FILE.match(requirement.text)
        if named is None:
            yield requirement
            continue
        shown = os.path.join(os.path.dirname(requirement.place.file), named["path"])
        lines = _read(directory / named["path"], os.path.normpath(shown), frozenset())
        if lines is None:
            yield replace(requirement, text=f"-r {named['path']}")
        else:
            yield from lines


def _read(path: Path, shown: str, above: Set[Path]) -> tuple[Requirement, ...] | None:
    """The lines of a file and of those that it names; None where any of it is left to uv.

    `above` are the files that led to it.
    """
    if path in above:
        return ()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return None
    lines: list[Requirement] = []
    for number, written in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub("", written).strip()
        if named := _FILE.match(line):
            inner = os.path.normpath(os.path.join(os.path.dirname(shown), named["path"]))
            found = _read(path.parent / named["path"], inner, above | {path})
            if found is None:
                return None
            lines += found
        elif _is_plain(line):
            column = len(written) - len(written.lstrip()) + 1
            place = Place(file=shown, line=number, column=column, text=written)
            lines.append(Requirement(text=line, place=place))
        elif line:
            return None
    return tuple(lines)


def _is_plain(line: str) -> bool:
    """Whether a line means the same wherever it stands: no path is in it."""
    if is_option(line) or " @ " in line:
        return "://" in line
    return is_moving(line) or distribution(line) is not None
