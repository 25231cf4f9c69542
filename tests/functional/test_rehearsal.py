from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.code import Code
from acideploy.config.values import AciDeployment
from acideploy.environment.request import request_environment
from acideploy.events import Event, Noticed
from acideploy.parts import assemble
from acideploy.plan import Wanted
from acideploy.rehearsal import rehearse


def test_without_an_engine_it_is_told_that_nothing_is_rehearsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    code = Code(
        path=tmp_path / "score.py", entry_script="score.py", source_directory=None, origin=tmp_path
    )
    environment = request_environment(None, directory=tmp_path, python="3.11")[0]
    wanted = Wanted(
        name="iris-svc", models=(), code=code, environment=environment, aci=AciDeployment()
    )
    told: list[Event] = []
    rehearse(
        wanted,
        parts=assemble(tmp_path, registry=None, clock=SystemClock()),
        compression="none",
        clock=SystemClock(),
        emit=told.append,
    )
    [note] = told
    assert isinstance(note, Noticed)
    assert note.problem.code == "not-rehearsed"
