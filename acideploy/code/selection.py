"""Which files of a source directory are deployed, and why the others are not."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from acideploy.code.ignore import Ignored, ignored_in
from acideploy.code.rules import Rule
from acideploy.code.walk import (
    LEFTOVERS,
    NOT_CODE,
    Folder,
    SourceFile,
    file_size,
    walk,
    why_not_code,
)
from acideploy.config.problem import Place, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something is left out: `line 3 of .gitignore leaves it out`, and where that is said."""

    text: str
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The files that are deployed, in an order that does not depend on the disk.

    `overruled` is why the entry script would not be one of them; `problems` are those of the
    ignore files.
    """

    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...] = ()
    overruled: Reason | None = None


def select(source: Path, *, script: str, leave_out: Path | None) -> Selection:
    """What the ignore files leave of a source directory, and the entry script in any case.

    Raises StorageError for what cannot be read, and for a link to nothing.
    """
    ignored = ignored_in(source)
    folder = Folder(path=source, ignored=ignored, not_code=NOT_CODE, leave_out=leave_out)
    found = list(walk(folder))
    files = {each.name: each for each in found if isinstance(each, SourceFile)}
    overruled = None
    if script not in files:
        overruled = why_left_out(source, script)
        files[script] = SourceFile(name=script, size=file_size(source / script) or 0)
    return Selection(
        files=_in_order(files.values()),
        problems=tuple(each for each in found if isinstance(each, Problem)),
        overruled=overruled,
    )


def everything_in(folder: Path) -> tuple[SourceFile, ...]:
    """The files of a folder that no ignore file speaks of. Raises StorageError."""
    found = walk(Folder(path=folder, ignored=Ignored(), not_code=LEFTOVERS))
    return _in_order(each for each in found if isinstance(each, SourceFile))


def why_left_out(source: Path, name: str) -> Reason | None:
    """Why a file or folder of a source directory is not deployed; None where it is.

    Raises StorageError for an ignore file that cannot be read.
    """
    ignored = ignored_in(source)
    named = PurePosixPath(name)
    for path in (*reversed(named.parents), named):
        where = os.path.join(source, path)
        is_folder = os.path.isdir(where)
        if path.name and (reason := why_not_code(where, NOT_CODE, is_folder=is_folder)):
            return Reason(text=reason)
        if not is_folder:
            rule = ignored.rule_for(str(path))
            return _by_rule(rule, source, what="it") if rule else None
        if path.name:
            inside = ignored.within(source / path, str(path))
            if isinstance(inside, Rule):
                return _by_rule(inside, source, what=f"{path}/")
            ignored = inside
    return None


def _by_rule(rule: Rule, source: Path, *, what: str) -> Reason:
    file = os.path.relpath(rule.place.file, source)
    return Reason(text=f"line {rule.place.line} of {file} leaves {what} out", place=rule.place)


def _in_order(files: Iterable[SourceFile]) -> tuple[SourceFile, ...]:
    return tuple(sorted(files, key=lambda file: os.fsencode(file.name)))
