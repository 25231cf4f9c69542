"""What the core tells while it works: facts, with no colour and no time stamp."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from acideploy.config.problem import Problem


Outcome: TypeAlias = Literal["done", "reused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A task began. `total` is its size in bytes, where that is known."""

    task: str
    title: str
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """`done` bytes of a task are finished, of those that `Started.total` announced."""

    task: str
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A task ended. `reused` means that there was nothing to do."""

    task: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A line that somebody else wrote: a log line of the service, a line of uv's.

    `matters` says that everybody wants to see it, not only who asked for everything.
    """

    line: str
    matters: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Summed:
    """Where the time of what has ended went: each part with its seconds, in their order."""

    title: str
    parts: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """A warning or a note about the user's files, flags or environment."""

    problem: Problem


Event: TypeAlias = Started | Advanced | Finished | Said | Noticed | Summed
Emit: TypeAlias = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Listens to nothing."""


def one_at_a_time(emit: Emit) -> Emit:
    """For events of several threads: listeners are not asked to be safe for them."""
    lock = threading.Lock()

    def tell(event: Event) -> None:
        with lock:
            emit(event)

    return tell
