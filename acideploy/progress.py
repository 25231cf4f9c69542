"""The progress of one task over bytes, told often enough to be lively and no oftener."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from acideploy.clock import Clock
from acideploy.events import Advanced, Emit, Finished, Started

# Takes the number of bytes that were finished since the last call.
Advance: TypeAlias = Callable[[int], None]

_TELL_EVERY = 0.1


@contextmanager
def progress(task: str, title: str, *, total: int, clock: Clock, emit: Emit) -> Iterator[Advance]:
    """Tells the start, the advance and the end of a task of `total` bytes, failures too."""
    done = 0
    told_at = clock.monotonic()

    def advance(count: int) -> None:
        nonlocal done, told_at
        done += count
        if clock.monotonic() - told_at >= _TELL_EVERY:
            told_at = clock.monotonic()
            emit(Advanced(task=task, done=done))

    emit(Started(task=task, title=title, total=total))
    try:
        yield advance
    except BaseException:
        emit(Finished(task=task, outcome="failed"))
        raise
    emit(Advanced(task=task, done=done))
    emit(Finished(task=task, outcome="done"))
