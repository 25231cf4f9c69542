"""The only loops that wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from acideploy.clock import Clock
from acideploy.errors import AcideployError

T = TypeVar("T")


def wait_for(
    look: Callable[[], T | None],
    *,
    clock: Clock,
    within: float,
    every: float,
    overdue: Callable[[], AcideployError],
) -> T:
    """Returns the first thing that `look` finds, looking every `every` seconds.

    Raises what `overdue` makes, which says what was last seen, when `within` seconds have passed;
    and whatever `look` raises, at once.
    """
    deadline = clock.monotonic() + within
    while (found := look()) is None:
        if clock.monotonic() >= deadline:
            raise overdue()
        clock.sleep(every)
    return found


def looks(*, clock: Clock, every: float) -> Iterator[None]:
    """Goes round for ever, every `every` seconds: for who watches something that has no end."""
    while True:
        yield
        clock.sleep(every)


def retried(
    attempt: Callable[[], T],
    *,
    clock: Clock,
    pauses: Sequence[float],
    after: Callable[[AcideployError], float | None],
) -> T:
    """What `attempt` returns, tried again after each of `pauses` (seconds) while it fails.

    `after` says of a failure how long to wait at least, None where trying again is of no use:
    then, and when the pauses are used up, it is raised.
    """
    for pause in pauses:
        try:
            return attempt()
        except AcideployError as error:
            least = after(error)
            if least is None:
                raise
            clock.sleep(max(pause, least))
    return attempt()
