"""The rules of one ignore file, with their lines, ready to be asked about paths."""

from __future__ import annotations

import codecs
import os
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from acideploy.code.patterns import docker_pattern, git_pattern
from acideploy.config.problem import Place, Problem
from acideploy.config.source import BYTE_ORDER_MARKS
from acideploy.disk import shown, storage_error

# To git, spaces at the end of a line count only behind a backslash.
_GIT_LINE = re.compile(r"(?:\\.?|[^\\ ]| +(?=[^ ]))*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of an ignore file; one that `keeps` begins with `!`.

    `expression` is `pattern`, the line without its marks, as an expression for whole paths.
    """

    place: Place
    pattern: str
    expression: re.Pattern[str]
    keeps: bool
    folders_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The rules of one file. `for_files` and `for_folders` try them all at once, the last first."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]
    for_files: re.Pattern[str]
    for_folders: re.Pattern[str]

    def last(self, path: str, *, is_folder: bool) -> int:
        """The number of the last rule that matches the path itself, from 1; 0 where none does."""
        found = (self.for_folders if is_folder else self.for_files).fullmatch(path)
        return len(self.rules) + 1 - found.lastindex if found and found.lastindex else 0


# A line to its rule or to what is wrong with it; None for a comment.
_Reader: TypeAlias = Callable[[str, Place], Rule | Problem | None]


def read_git_rules(file: Path) -> RuleSet:
    """The rules of a `.gitignore` or a `.amlignore`. Raises StorageError."""
    return _read(file, _git_rule)


def read_docker_rules(file: Path) -> RuleSet:
    """The rules of a `.dockerignore`. Raises StorageError."""
    return _read(file, _docker_rule)


def _read(file: Path, reader: _Reader) -> RuleSet:
    read = list(_lines_read(file, reader))
    rules = [each for each in read if isinstance(each, Rule)]
    return RuleSet(
        rules=tuple(rules),
        problems=tuple(each for each in read if isinstance(each, Problem)),
        for_files=_any_of(
            "(?!)" if rule.folders_only else rule.expression.pattern for rule in rules
        ),
        for_folders=_any_of(rule.expression.pattern for rule in rules),
    )


def _any_of(expressions: Iterator[str]) -> re.Pattern[str]:
    last_first = reversed([f"({expression})" for expression in expressions])
    return _compiled("|".join(last_first) or "(?!)")


def _compiled(expression: str) -> re.Pattern[str]:
    # A name may hold a line break.
    return re.compile(expression, re.DOTALL)


def _lines_read(file: Path, reader: _Reader) -> Iterator[Rule | Problem]:
    content = _text(file)
    if "\0" in content:
        yield Problem(
            code="bad-encoding",
            severity="error",
            message="this is not text, so nobody knows what it leaves out",
            place=Place(file=shown(file)),
            hint="save it as UTF-8, or remove it",
        )
        return
    for number, line in enumerate(content.split("\n"), start=1):
        line = line.removesuffix("\r")
        text = os.fsencode(line).decode(errors="replace")
        if read := reader(line, Place(file=shown(file), line=number, column=1, text=text)):
            yield read


def _text(file: Path) -> str:
    """The content as names of files are read, so that any byte in a name can be matched."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise storage_error("read", file, error) from error
    marked = (encoding for mark, encoding in BYTE_ORDER_MARKS if content.startswith(mark))
    encoding = next(marked, None)
    if encoding in (None, "utf-8-sig"):
        return os.fsdecode(content.removeprefix(codecs.BOM_UTF8))
    # UTF-16 is what `>` writes in Windows PowerShell.
    return content.decode(encoding, errors="replace")


def _git_rule(line: str, place: Place) -> Rule | Problem | None:
    found = _GIT_LINE.match(line)
    text = found[0] if found else ""
    if not text or text.startswith("#"):
        return None
    keeps, pattern = text.startswith("!"), text.removeprefix("!")
    expression = git_pattern(pattern.removesuffix("/"))
    if expression is None:
        return _broken(place, "git")
    return Rule(
        place=place,
        pattern=pattern,
        expression=_compiled(expression),
        keeps=keeps,
        folders_only=pattern.endswith("/"),
    )


def _docker_rule(line: str, place: Place) -> Rule | Problem | None:
    text = line.strip()
    if not text or line.startswith("#"):
        return None
    keeps, named = text.startswith("!"), text.removeprefix("!").strip()
    pattern = posixpath.normpath(named).lstrip("/")
    expression = docker_pattern(pattern) if named else None
    if expression is None:
        return _broken(place, "Docker")
    return Rule(place=place, pattern=pattern, expression=_compiled(expression), keeps=keeps)


def _broken(place: Place, whose: str) -> Problem:
    return Problem(
        code="bad-ignore-rule",
        severity="warning",
        message=f"to {whose} this is no pattern, so it leaves nothing out",
        place=place,
        hint="write a backslash before a [ or \\ that stands for itself",
    )
