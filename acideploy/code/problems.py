"""What the owner of a source directory should know before it is deployed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from acideploy.code import Code
from acideploy.code.ignore import AMLIGNORE, DOCKERIGNORE, GITIGNORE
from acideploy.code.likely_secrets import likely_secret
from acideploy.code.selection import Selection
from acideploy.config.problem import Place, Problem
from acideploy.config.source import shown_path
from acideploy.disk import shown

_MAX_SECRETS_TOLD = 10
_LARGE = 100_000_000
_BIGGEST_TOLD = 3
_TOLD = 1_000_000


def code_problems(code: Code, *, cwd: Path) -> tuple[Problem, ...]:
    """Of the ignore files, the entry script, likely secrets and size. Raises StorageError.

    None of what was not selected here: a script alone, or what has been deployed before.
    """
    if code.selection is None:
        return ()
    file = _file_to_edit(code.path)
    problems = (
        *code.selection.problems,
        *_overruled(code.selection, code.entry_script),
        *_secrets(code.selection, code.path, file),
        *_large(code.selection, code.path, file),
    )
    return tuple(_seen_from(cwd, problem) for problem in problems)


def _seen_from(cwd: Path, problem: Problem) -> Problem:
    if problem.place is None:
        return problem
    file = shown_path(Path(problem.place.file), cwd)
    return replace(problem, place=replace(problem.place, file=file))


def _file_to_edit(source: Path) -> str:
    """The ignore file that counts here; a new `.amlignore` would make the others void."""
    there = (name for name in (AMLIGNORE, GITIGNORE, DOCKERIGNORE) if os.path.isfile(source / name))
    return next(there, AMLIGNORE)


def _overruled(selection: Selection, script: str) -> Iterator[Problem]:
    if reason := selection.overruled:
        yield Problem(
            code="entry-script-ignored",
            severity="warning",
            message=f"the entry script {shown(script)} is deployed all the same: {reason.text}",
            place=reason.place,
            hint="except the script from that rule, and the modules that it imports",
        )


def _secrets(selection: Selection, source: Path, file_to_edit: str) -> Iterator[Problem]:
    found = [
        (file.name, secret)
        for file in selection.files
        if (secret := likely_secret(file.name, source / file.name, size=file.size))
    ]
    for name, secret in found[:_MAX_SECRETS_TOLD]:
        line = secret.line
        yield Problem(
            code="likely-secret",
            severity="warning",
            message=f"{shown(name)} is deployed with the code, and likely holds {secret.what}",
            place=Place(file=shown(source / name), line=line, column=line and 1),
            hint=f"add `{shown(name)}` to {file_to_edit}",
        )
    if (more := len(found) - _MAX_SECRETS_TOLD) > 0:
        yield Problem(
            code="likely-secret",
            severity="warning",
            message=f"... and {more} more",
            hint=f"add them to {file_to_edit}",
        )


def _large(selection: Selection, source: Path, file_to_edit: str) -> Iterator[Problem]:
    total = sum(file.size for file in selection.files)
    if total <= _LARGE:
        return
    sizes: Counter[str] = Counter()
    for file in selection.files:
        top, slash, _ = file.name.partition("/")
        sizes[top + slash] += file.size
    biggest = [(name, size) for name, size in sizes.most_common(_BIGGEST_TOLD) if size >= _TOLD]
    told = ", ".join(f"{shown(name)} {_mb(size)}" for name, size in biggest)
    yield Problem(
        code="large-source",
        severity="warning",
        message=f"{_mb(total)} are deployed as code, all of it with every change: {told}",
        place=Place(file=shown(source)),
        hint=f"add what the script does not read to {file_to_edit}, and register models with "
        "`acideploy model register`",
    )


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
