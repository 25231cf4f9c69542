from __future__ import annotations

import pytest

from acideploy.cli.render.plain import Plain
from acideploy.config.problem import Problem
from acideploy.events import Advanced, Event, Finished, Noticed, Said, Started
from tests.registries import InstantClock


def lines(capsys: pytest.CaptureFixture[str], *events: Event, verbose: bool = False) -> list[str]:
    show = Plain(verbose=verbose)
    for event in events:
        show(event)
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err.splitlines()


def test_each_event_is_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem(code="a", severity="note", message="b")
    assert lines(
        capsys,
        Started(task="env", title="making the environment"),
        Noticed(problem=problem),
        Finished(task="env", outcome="done", detail="42 packages"),
    ) == [
        "making the environment ...",
        "note: b [a]",
        "making the environment: done (42 packages)",
    ]


def test_a_long_task_tells_each_quarter_once(capsys: pytest.CaptureFixture[str]) -> None:
    advances = [Advanced(task="m", done=done) for done in range(0, 2_000_001, 100_000)]
    told = lines(capsys, Started(task="m", title="reading", total=2_000_000), *advances)
    assert told == [
        "reading (2.0 MB) ...",
        "reading: 500.0 kB of 2.0 MB",
        "reading: 1.0 MB of 2.0 MB",
        "reading: 1.5 MB of 2.0 MB",
    ]


def test_what_others_say_is_shown_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, Said(line="Resolved 3 packages")) == []
    assert lines(capsys, Said(line="Resolved 3 packages"), verbose=True) == [
        "  Resolved 3 packages"
    ]


def test_a_service_that_is_left_alone_is_told_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(
        capsys,
        Started(task="service", title="Service iris-svc"),
        Finished(task="service", outcome="reused", detail="unchanged"),
    ) == ["Service iris-svc ...", "Service iris-svc: reused (unchanged)"]


def test_the_end_of_an_unknown_task_is_told_by_its_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert lines(capsys, Finished(task="env", outcome="reused")) == ["env: reused"]


def test_what_took_a_while_says_how_long(capsys: pytest.CaptureFixture[str]) -> None:
    clock = InstantClock()
    show = Plain(clock=clock)
    for seconds in (0.5, 2.5):
        show(Started(task="env", title="making the environment"))
        clock.sleep(seconds)
        show(Finished(task="env", outcome="done", detail="42 packages"))
    told = capsys.readouterr().err.splitlines()
    assert told[1] == "making the environment: done (42 packages)"
    assert told[3] == "making the environment: done (42 packages), 2.5 s"
