from __future__ import annotations

import io

from rich.console import Console

from acideploy.cli.render.live import Live
from acideploy.config.problem import Place, Problem
from acideploy.events import Advanced, Event, Finished, Noticed, Said, Started
from tests.registries import InstantClock


def screen(*events: Event, verbose: bool = False, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, no_color=True)
    with Live(verbose=verbose, console=console) as emit:
        for event in events:
            emit(event)
    return out.getvalue()


def test_what_is_finished_stays_on_the_screen() -> None:
    text = screen(
        Started(task="m", title="reading [model]", total=10),
        Advanced(task="m", done=10),
        Finished(task="m", outcome="done", detail="all of it"),
        Started(task="e", title="making the environment"),
        Finished(task="e", outcome="reused"),
        Started(task="n", title="writing", total=2_000_000),
        Finished(task="n", outcome="done"),
        Finished(task="n", outcome="failed", detail="no space"),
    )
    assert "reading [model]  all of it" in text
    assert "making the environment  nothing to do" in text
    assert "writing  2.0 MB" in text
    assert "n  no space" in text


def test_a_service_that_is_left_alone_is_told_to_be() -> None:
    text = screen(
        Started(task="service", title="Service iris-svc"),
        Finished(task="service", outcome="reused", detail="unchanged"),
    )
    assert "Service iris-svc  unchanged" in text


def test_problems_are_shown_as_they_are() -> None:
    place = Place(file="dc.json", line=1, column=1, text="{[bold]}")
    problem = Problem(code="a", severity="warning", message="[red]b", place=place)
    text = screen(Noticed(problem=problem))
    assert "dc.json:1:1: warning: [red]b [a]" in text
    assert "{[bold]}" in text


def test_what_others_say_is_kept_only_when_asked_for() -> None:
    said = (Started(task="e", title="making"), Said(line="Resolved 3 packages"))
    assert "Resolved" not in screen(*said)
    assert "Resolved" in screen(*said, verbose=True)


def test_an_unfinished_task_leaves_the_screen_as_it_was() -> None:
    erase_line, show_cursor = "\x1b[2K", "\x1b[?25h"
    text = screen(Started(task="m", title="reading", total=10), terminal=True)
    assert text.rstrip().endswith(show_cursor)
    assert erase_line in text.rpartition("reading")[2]


def test_nothing_is_drawn_before_the_first_event() -> None:
    assert screen(terminal=True) == ""


def test_what_took_a_while_says_how_long() -> None:
    clock, out = InstantClock(), io.StringIO()
    with Live(console=Console(file=out, width=100, no_color=True), clock=clock) as emit:
        for detail in ("42 packages", ""):
            emit(Started(task="env", title="making"))
            clock.sleep(2.5)
            emit(Finished(task="env", outcome="done", detail=detail))
    assert "making  42 packages, 2.5 s" in out.getvalue()
    assert "making  2.5 s" in out.getvalue()
