from __future__ import annotations

from datetime import datetime, timezone

import pytest

from acideploy.events import Advanced, Event, Finished, Started
from acideploy.progress import progress


class StillClock:
    """Moves only when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=timezone.utc)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def test_a_task_tells_its_total_first_and_its_sum_last() -> None:
    told: list[Event] = []
    with progress("t", "T", total=7, clock=StillClock(), emit=told.append) as advance:
        advance(3)
        advance(4)
    assert told == [
        Started(task="t", title="T", total=7),
        Advanced(task="t", done=7),
        Finished(task="t", outcome="done"),
    ]


def test_progress_is_told_ten_times_a_second_at_most() -> None:
    told: list[Event] = []
    clock = StillClock()
    with progress("t", "T", total=1000, clock=clock, emit=told.append) as advance:
        for _ in range(1000):
            advance(1)
            clock.sleep(0.001)
    assert 8 <= sum(isinstance(event, Advanced) for event in told) <= 11


def test_a_task_that_is_interrupted_is_told_to_have_failed() -> None:
    told: list[Event] = []
    with (
        pytest.raises(KeyboardInterrupt),
        progress("t", "T", total=7, clock=StillClock(), emit=told.append),
    ):
        raise KeyboardInterrupt
    assert told[-1] == Finished(task="t", outcome="failed")
