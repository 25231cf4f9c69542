from __future__ import annotations

import json

import pytest

from acideploy.cli.render.json import show
from acideploy.config.problem import Place, Problem
from acideploy.events import Advanced, Event, Finished, Noticed, Said, Started

PROBLEM = Problem(code="a", severity="note", message="b", place=Place(file="--ct"))


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (
            Started(task="m", title="reading", total=5),
            {"event": "started", "task": "m", "title": "reading", "total": 5},
        ),
        (Advanced(task="m", done=3), {"event": "advanced", "task": "m", "done": 3}),
        (
            Finished(task="m", outcome="reused"),
            {"event": "finished", "task": "m", "outcome": "reused", "detail": ""},
        ),
        (Said(line="ü"), {"event": "said", "line": "ü"}),
        (
            Noticed(problem=PROBLEM),
            {
                "event": "noticed",
                "file": "--ct",
                "line": None,
                "column": None,
                "severity": "note",
                "code": "a",
                "message": "b",
                "hint": None,
            },
        ),
    ],
)
def test_each_event_is_one_object_on_stderr(
    event: Event, fields: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    show(event)
    assert json.loads(capsys.readouterr().err) == fields
