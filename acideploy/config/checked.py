"""A value that was read, with everything there was to say about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from acideploy.config.problem import Place, Problem, Severity
from acideploy.errors import ConfigurationError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(Generic[T]):
    """`value` is None exactly when one of the problems is an error."""

    value: T | None
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class Findings:
    """Collects problems, so that nothing stops at the first.

    `first` is the file whose problems come before those of the files that it names.
    """

    first: str = ""
    problems: list[Problem] = field(default_factory=list)

    def error(self, code: str, message: str, place: Place | None, hint: str | None = None) -> None:
        self._add("error", code, message, place, hint)

    def warning(
        self, code: str, message: str, place: Place | None, hint: str | None = None
    ) -> None:
        self._add("warning", code, message, place, hint)

    def note(self, code: str, message: str, place: Place | None, hint: str | None = None) -> None:
        self._add("note", code, message, place, hint)

    def extend(self, problems: Iterable[Problem]) -> None:
        self.problems.extend(problems)

    @property
    def failed(self) -> bool:
        return has_errors(self.problems)

    def checked(self, value: T | None) -> Checked[T]:
        """Returns the value with the problems in the order of the files, or without it on error."""
        order = {self.first: 0}
        for problem in self.problems:
            order.setdefault(_file_of(problem), len(order))
        problems = tuple(
            sorted(dict.fromkeys(self.problems), key=lambda each: _position(each, order))
        )
        return Checked(value=None if has_errors(problems) else value, problems=problems)

    def _add(
        self, severity: Severity, code: str, message: str, place: Place | None, hint: str | None
    ) -> None:
        self.problems.append(
            Problem(code=code, severity=severity, message=message, place=place, hint=hint)
        )


def has_errors(problems: Iterable[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


def require(checked: Checked[T], *, strict: bool = False) -> T:
    """Returns the value.

    Raises ConfigurationError when there is none, or when `strict` and there is a warning. Notes
    never fail.
    """
    warned = any(problem.severity == "warning" for problem in checked.problems)
    if checked.value is None or (strict and warned):
        raise ConfigurationError(
            [_as_error(problem) for problem in checked.problems] if strict else checked.problems
        )
    return checked.value


def _as_error(problem: Problem) -> Problem:
    if problem.severity != "warning":
        return problem
    return Problem(
        code=problem.code,
        severity="error",
        message=problem.message,
        place=problem.place,
        hint=problem.hint,
    )


def _position(problem: Problem, order: Mapping[str, int]) -> tuple[int, int, int]:
    place = problem.place
    line, column = (place.line, place.column) if place else (None, None)
    return order[_file_of(problem)], line or 0, column or 0


def _file_of(problem: Problem) -> str:
    return problem.place.file if problem.place else ""
