"""One finding about the user's files or flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the user's files. `line` and `column` count from 1; both or neither are known.

    `text` is the line itself. For a flag, `file` is the flag as it is spelt (`--cpu-cores`).
    """

    file: str
    line: int | None = None
    column: int | None = None
    text: str | None = None

    def __str__(self) -> str:
        if self.line is None:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, where, and the edit or command that mends it.

    `code` is stable and one of `acideploy.config.codes.CODES`, which says what each means.
    """

    code: str
    severity: Severity
    message: str
    place: Place | None = None
    hint: str | None = None
