"""What is going on, redrawn in place, for a person at a terminal. The only importer of rich."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from acideploy.cli.problems import described
from acideploy.cli.render.amounts import amount, elapsed, summed
from acideploy.cli.render.never import assert_never
from acideploy.clock import Clock, SystemClock
from acideploy.events import Advanced, Emit, Event, Finished, Noticed, Said, Started, Summed

_MARKS = {"done": ("✓", "green"), "reused": ("=", "cyan"), "failed": ("✗", "red")}
_ASCII_MARKS = {"done": "+", "reused": "=", "failed": "x"}


class _WhenSized(ProgressColumn):
    """Shows another column, for tasks whose size is known."""

    def __init__(self, column: ProgressColumn) -> None:
        super().__init__()
        self.column = column

    def render(self, task: Task) -> Text:
        return self.column(task) if task.total else Text("")  # type: ignore[return-value]


@dataclass(slots=True)
class Live:
    """Keeps unfinished tasks at the bottom; what is finished or noticed scrolls by above.

    Nothing is drawn before the first event, and the display is gone when the context ends.
    """

    verbose: bool = False
    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    clock: Clock = field(default_factory=SystemClock)
    _progress: Progress | None = field(default=None, init=False)
    _tasks: dict[str, TaskID] = field(default_factory=dict, init=False)
    _started: dict[str, Started] = field(default_factory=dict, init=False)
    _began: dict[str, float] = field(default_factory=dict, init=False)

    def __enter__(self) -> Emit:
        return self.show

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            for task in self._tasks.values():
                self._progress.remove_task(task)
            self._progress.stop()

    def show(self, event: Event) -> None:
        match event:
            case Started():
                self._started[event.task] = event
                self._began[event.task] = self.clock.monotonic()
                self._tasks[event.task] = self._display().add_task(
                    event.title, total=event.total, said=""
                )
            case Advanced():
                if event.task in self._tasks:
                    self._display().update(self._tasks[event.task], completed=event.done)
            case Finished():
                self._finish(event)
            case Said():
                self._say(event)
            case Noticed():
                colour = not self.console.no_color
                self._print(Text.from_ansi(described(event.problem, colour=colour)))
            case Summed():
                for line in summed(event):
                    self._print(Text(line, style="dim"))
            case _:
                assert_never(event)

    def _finish(self, event: Finished) -> None:
        started = self._started.pop(event.task, None)
        task = self._tasks.pop(event.task, None)
        if task is not None:
            self._display().remove_task(task)
            self._display().refresh()
        mark, style = _MARKS[event.outcome]
        if not self.console.encoding.startswith("utf"):
            mark = _ASCII_MARKS[event.outcome]
        title = started.title if started else event.task
        now = self.clock.monotonic()
        took = elapsed(now - self._began.pop(event.task, now))
        detail = f"{_detail(event, started)}{took}".removeprefix(", ")
        self._print(Text.assemble((mark, style), f" {title}  ", (detail, "dim")))

    def _say(self, event: Said) -> None:
        """Above the tasks when asked for; else beside the newest task, until its next line."""
        line = event.line
        if self.verbose or event.matters:
            self._print(Text(f"  {line}", style="dim"))
        elif self._tasks:
            self._display().update(list(self._tasks.values())[-1], said=line.strip())

    def _print(self, line: Text) -> None:
        self.console.print(line, soft_wrap=True)

    def _display(self) -> Progress:
        if self._progress is None:
            self._progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                _WhenSized(BarColumn(bar_width=24)),
                _WhenSized(DownloadColumn()),
                _WhenSized(TransferSpeedColumn()),
                TimeElapsedColumn(),
                TextColumn("{task.fields[said]}", style="dim", markup=False),
                console=self.console,
                transient=True,
            )
            self._progress.start()
        return self._progress


def _detail(event: Finished, started: Started | None) -> str:
    if event.detail or event.outcome == "failed":
        return event.detail
    if event.outcome == "reused":
        return "nothing to do"
    return amount(started.total) if started and started.total else ""
