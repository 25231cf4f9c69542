"""Where the time went."""

from __future__ import annotations

from acideploy.clock import Clock
from acideploy.events import Summed


class Stopwatch:
    """Begins when it is made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = self._last = clock.monotonic()
        self._laps: list[tuple[str, float]] = []

    def lap(self, name: str) -> None:
        """What has passed since the last lap was for `name`."""
        now = self._clock.monotonic()
        self._laps.append((name, now - self._last))
        self._last = now

    def summed(self, title: str) -> Summed:
        """Every lap, and all of the time."""
        total = self._clock.monotonic() - self._began
        return Summed(title=title, parts=(*self._laps, ("in all", total)))
