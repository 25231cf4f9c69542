"""The time of the emulated cloud: real, faster, without Azure's own delays, or moved by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta, timezone
from typing import Protocol

# Set while the emulator itself asks for something.
_AT_ONCE: ContextVar[bool] = ContextVar("at_once", default=False)


class Clock(Protocol):
    """All that the emulator knows of time; no other module of it reads the time or waits."""

    def now(self) -> datetime:
        """The time in the cloud, in UTC."""

    def client_now(self) -> datetime:
        """The time as clients have it: they keep a token as long as it lasts by their clocks."""

    async def sleep(self, seconds: float) -> None:
        """Waits for what the user asked for: a back-off, the period of a probe."""

    async def delay(self, seconds: float) -> None:
        """Waits as long as Azure takes for something; not at all where nobody wants to wait."""


class ScaledClock:
    """Real time, `speed` times as fast; None: real time without Azure's delays."""

    def __init__(self, speed: float | None = 1.0) -> None:
        self._speed = speed or 1.0
        self._delays = speed is not None
        self._began = datetime.now(timezone.utc)
        self._start = time.monotonic()

    def now(self) -> datetime:
        elapsed = (time.monotonic() - self._start) * self._speed
        return self._began + timedelta(seconds=elapsed)

    def client_now(self) -> datetime:
        return self._began + timedelta(seconds=time.monotonic() - self._start)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)

    async def delay(self, seconds: float) -> None:
        await self.sleep(seconds if self._delays else 0)


class ManualClock:
    """Stands still until it is moved: replays move it as far as the recorded time went."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        return self._now

    client_now = now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        until = self._now + timedelta(seconds=seconds)
        heapq.heappush(self._sleepers, (until, next(self._order), woken))
        await woken

    delay = sleep

    async def advance(self, seconds: float) -> None:
        """Moves the time, and lets everyone act in turn whose time comes on the way."""
        end = self._now + timedelta(seconds=seconds)
        await _let_others_act()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
            await _let_others_act()
        self._now = end


async def delay_answer(clock: Clock, seconds: float) -> None:
    """Has the sender of a request wait. Not on a clock that only he can move: he would for ever."""
    if not isinstance(clock, ManualClock) and not _AT_ONCE.get():
        await clock.delay(seconds)


@contextmanager
def answered_at_once() -> Iterator[None]:
    """What is asked for inside waits for no answer."""
    reset = _AT_ONCE.set(True)
    try:
        yield
    finally:
        _AT_ONCE.reset(reset)


async def _let_others_act() -> None:
    # A task that was woken may wake others; none of them goes through more than a few.
    for _ in range(20):
        await asyncio.sleep(0)
