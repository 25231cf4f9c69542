"""The thread that scores."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time

import pytest

from acideploy.serving.runtime.scoring import ScoringThread


@pytest.fixture
def thread() -> ScoringThread:
    return ScoringThread(give_up_after=60)


def test_loading_and_scoring_happen_in_the_same_thread(thread: ScoringThread) -> None:
    loaded = thread.load(threading.get_ident)
    assert thread.score(threading.get_ident, within=None) == loaded
    assert loaded != threading.get_ident()


def test_the_thread_has_an_event_loop(thread: ScoringThread) -> None:
    loop = thread.load(asyncio.get_event_loop)
    assert thread.score(asyncio.get_event_loop, within=None) is loop


def test_a_call_sees_the_context_of_its_caller(thread: ScoringThread) -> None:
    variable = contextvars.ContextVar[str]("variable")
    variable.set("of the caller")
    assert thread.score(variable.get, within=None) == "of the caller"


def test_an_error_comes_back_to_the_caller(thread: ScoringThread) -> None:
    with pytest.raises(KeyError, match="lost"):
        thread.score(lambda: {}["lost"], within=1)


def test_an_endless_loop_is_interrupted_where_it_is(thread: ScoringThread) -> None:
    ended = threading.Event()

    def endless() -> None:
        try:
            while True:
                pass
        finally:
            ended.set()

    with pytest.raises(TimeoutError, match="in endless"):
        thread.score(endless, within=0.05)
    assert ended.wait(5)
    assert thread.score(lambda: "free again", within=1) == "free again"


def test_the_caller_does_not_wait_for_what_cannot_be_interrupted(thread: ScoringThread) -> None:
    ended = threading.Event()

    def uninterruptible() -> None:
        time.sleep(0.5)
        ended.set()

    with pytest.raises(TimeoutError):
        thread.score(uninterruptible, within=0.05)
    assert not ended.is_set()


def test_the_wait_for_a_turn_does_not_count(thread: ScoringThread) -> None:
    first = threading.Thread(target=lambda: thread.score(lambda: time.sleep(0.3), within=None))
    first.start()
    time.sleep(0.05)
    assert thread.score(lambda: "in time", within=0.2) == "in time"
    first.join()


def test_a_call_that_swallows_the_interruption_does_not_harm_the_next(
    thread: ScoringThread,
) -> None:
    def stubborn() -> None:
        try:
            while True:
                pass
        except TimeoutError:
            pass

    with pytest.raises(TimeoutError):
        thread.score(stubborn, within=0.05)
    assert thread.score(lambda: sum(range(100_000)), within=5) == sum(range(100_000))


def test_an_interruption_never_reaches_another_call(thread: ScoringThread) -> None:
    """Calls end just when their time does, over and over, each followed by one without a limit."""

    def until(moment: float) -> None:
        while time.perf_counter() < moment:
            pass

    late = 0
    for attempt in range(100):
        limit = 0.01  # twice the time after which one thread gives way to another
        ending = limit * (0.5 + attempt / 50)
        try:
            thread.score(lambda ending=ending: until(time.perf_counter() + ending), within=limit)
        except TimeoutError:
            late += 1
        assert thread.score(lambda: sum(range(1000)), within=None) == sum(range(1000))
    assert 0 < late < 100
