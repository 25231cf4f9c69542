"""The differences from Azure that are known, each with the reason why it is there."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.replay.player import Difference


@dataclass(frozen=True)
class Allowed:
    """Differences whose request and text fit these patterns, as the shell's for file names."""

    request: str
    text: str
    reason: str
    file: str = "*"


ALLOWED: tuple[Allowed, ...] = (
    Allowed(
        request="GET */resources",
        text="value has * items, here *",
        reason="the recorded subscription had resources that the recording did not make",
    ),
)


def allowance(difference: Difference) -> Allowed | None:
    """What allows a difference; None when nothing does."""
    for allowed in ALLOWED:
        pairs = (
            (difference.request, allowed.request),
            (difference.text, allowed.text),
            (difference.file, allowed.file),
        )
        if all(fnmatchcase(text.replace("[", "("), pattern) for text, pattern in pairs):
            return allowed
    return None
