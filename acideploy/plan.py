"""What a deploy would do, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do, with its cause in the user's terms."""

    action: Literal["make", "reuse", "unpack", "start", "replace", "keep", "choose"]
    subject: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    service: str
    target: str
    steps: tuple[Step, ...]
