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
from acideploy.disk import shown
from acideploy.environment.pip_lines import distribution, is_moving, is_option
from acideploy.errors import DependencyError

# pip reads no more of the line than that.
_FILE = re.compile(r"(?:-r|--requirement)[\s=]*(?P<path>[^\s=]\S*)")
# A file or a folder, without what may stand behind it: `./wheels/own.whl ; python_version > "3"`.
_LOCAL = re.compile(r"(?P<path>\.{0,2}/[^\s\[;]*|[^\s\[;:]+\.(?:whl|tar\.gz|zip))(?:[\s\[;].*)?")
_COMMENT = re.compile(r"(?:^|\s+)#.*")


def with_requirement_files(conda: CondaEnvironment, directory: Path) -> CondaEnvironment:
    """The same with the lines of requirement files in the place of `-r FILE`.

    Paths are relative to `directory`. A file with lines that only uv understands (hashes, paths) is
    left to uv. Raises DependencyError for a file that is not there.
    """
    return replace(conda, pip=tuple(_lines_of(conda, directory)))


def _lines_of(conda: CondaEnvironment, directory: Path) -> Iterator[Requirement]:
    for requirement in conda.pip:
        named = _FILE.match(requirement.text)
        if local := named or _LOCAL.fullmatch(requirement.text):
            _require_file(local["path"], requirement, directory)
        if named is None:
            yield requirement
            continue
        name = os.path.join(os.path.dirname(requirement.place.file), named["path"])
        lines = _read(directory / named["path"], os.path.normpath(name), frozenset())
        if lines is None:
            yield replace(requirement, text=f"-r {named['path']}")
        else:
            yield from lines


def _require_file(path: str, requirement: Requirement, directory: Path) -> None:
    if "://" not in path and not (directory / path).exists():
        raise DependencyError(
            f"there is no file {path}",
            place=requirement.place,
            hint=f"paths of a conda file are relative to its own folder, {shown(directory)}",
        )


def _read(path: Path, name: str, above: Set[Path]) -> tuple[Requirement, ...] | None:
    """The lines of a file and of those that it names; None where any of it is left to uv.

    `name` is what people are shown, and `above` are the files that led to it.
    """
    path = Path(os.path.normpath(path))
    if path in above:
        return ()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return None
    lines: list[Requirement] = []
    for number, written in _logical_lines(text):
        line = _COMMENT.sub("", written).strip()
        if named := _FILE.match(line):
            inner = os.path.normpath(os.path.join(os.path.dirname(name), named["path"]))
            found = _read(path.parent / named["path"], inner, above | {path})
            if found is None:
                return None
            lines += found
        elif _is_plain(line):
            column = len(written) - len(written.lstrip()) + 1
            place = Place(file=name, line=number, column=column, text=written)
            lines.append(Requirement(text=line, place=place))
        elif line:
            return None
    return tuple(lines)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line with its number, and with what a backslash at its end adds to it."""
    begun, before = 1, ""
    for number, line in enumerate(text.splitlines(), 1):
        begun = begun if before else number
        if line.endswith("\\"):
            before += line.removesuffix("\\")
        else:
            yield begun, before + line
            before = ""
    if before:
        yield begun, before


def _is_plain(line: str) -> bool:
    """Whether a line means the same wherever it stands: no path is in it."""
    if is_option(line) or " @ " in line:
        return "://" in line
    return is_moving(line) or distribution(line) is not None
