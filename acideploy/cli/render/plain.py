"""One line per event, for logs and pipelines."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from acideploy.cli.problems import described
from acideploy.cli.render.amounts import amount, elapsed, summed
from acideploy.cli.render.never import assert_never
from acideploy.cli.terminal import colourful
from acideploy.clock import Clock, SystemClock
from acideploy.events import Advanced, Event, Finished, Noticed, Said, Started, Summed


@dataclass(slots=True, kw_only=True)
class Plain:
    """Writes events to stderr. Advance is told once per quarter; `verbose` adds others' lines."""

    verbose: bool = False
    clock: Clock = field(default_factory=SystemClock)
    _started: dict[str, Started] = field(default_factory=dict)
    _began: dict[str, float] = field(default_factory=dict)
    _quarters: dict[str, int] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        line = self._line(event)
        if line is not None:
            print(line, file=sys.stderr, flush=True)

    def _line(self, event: Event) -> str | None:
        match event:
            case Started():
                self._started[event.task] = event
                self._began[event.task] = self.clock.monotonic()
                size = f" ({amount(event.total)})" if event.total else ""
                return f"{event.title}{size} ..."
            case Advanced():
                return self._advance(event)
            case Finished():
                detail = f" ({event.detail})" if event.detail else ""
                took = elapsed(self._seconds(event.task))
                return f"{self._title(event.task)}: {event.outcome}{detail}{took}"
            case Said():
                return f"  {event.line}" if self.verbose or event.matters else None
            case Noticed():
                return described(event.problem, colour=colourful("stderr"))
            case Summed():
                return "\n".join(summed(event))
            case _:
                return assert_never(event)

    def _advance(self, event: Advanced) -> str | None:
        started = self._started.get(event.task)
        if started is None or not started.total:
            return None
        quarter = event.done * 4 // started.total
        if quarter <= self._quarters.get(event.task, 0) or quarter >= 4:
            return None
        self._quarters[event.task] = quarter
        return f"{started.title}: {amount(event.done)} of {amount(started.total)}"

    def _seconds(self, task: str) -> float:
        now = self.clock.monotonic()
        return now - self._began.get(task, now)

    def _title(self, task: str) -> str:
        started = self._started.get(task)
        return started.title if started else task
