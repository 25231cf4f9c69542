"""The progress of one task over bytes, told often enough to be lively and no oftener."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from acideploy.clock import Clock
from acideploy.events import Advanced, Emit, Finished, Outcome, Started

# Takes the number of bytes that were finished since the last call; fewer than 0 are to do again.
Advance: TypeAlias = Callable[[int], None]

_TELL_EVERY = 0.1


class Progress:
    """Called with every few bytes that are finished. `outcome` and `detail` are told at the end."""

    def __init__(self, task: str, *, total: int, clock: Clock, emit: Emit) -> None:
        self.outcome: Outcome = "done"
        self.detail = ""
        self._task = task
        self._total = total
        self._clock = clock
        self._emit = emit
        self._done = 0
        self._told_at = clock.monotonic()

    def __call__(self, count: int) -> None:
        self._done += count
        if self._clock.monotonic() - self._told_at >= _TELL_EVERY:
            self.tell()

    def tell(self) -> None:
        self._told_at = self._clock.monotonic()
        # The bytes of an archive are a few more than those of its files.
        self._emit(Advanced(task=self._task, done=min(self._done, self._total)))


@contextmanager
def progress(task: str, title: str, *, total: int, clock: Clock, emit: Emit) -> Iterator[Progress]:
    """Tells the start, the advance and the end of a task of `total` bytes, failures too."""
    advance = Progress(task, total=total, clock=clock, emit=emit)
    emit(Started(task=task, title=title, total=total))
    try:
        yield advance
    except BaseException:
        emit(Finished(task=task, outcome="failed"))
        raise
    if advance.outcome == "done":
        advance.tell()
    emit(Finished(task=task, outcome=advance.outcome, detail=advance.detail))
