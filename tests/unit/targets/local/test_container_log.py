"""Reading the log of a container on from where one was."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import cast

import pytest

from acideploy.targets.local.container import ContainerState
from acideploy.targets.local.container_log import ContainerLog
from acideploy.targets.local.engine import Engine

BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)


@dataclass
class _Engine:
    """Tells times by the second where it is not `exact`, as Podman does."""

    exact: bool
    id: str = "first"
    written: list[tuple[float, str]] = field(default_factory=list)

    def write(self, second: float, *lines: str) -> None:
        self.written += [(second, line) for line in lines]

    def log(
        self, name: str, *, lines: int | None = None, since: int = 0, timestamps: bool = False
    ) -> bytes:
        since = since - int(BEGIN.timestamp()) if since else 0
        chosen = [each for each in self.written if each[0] >= since]
        chosen = chosen if lines is None else chosen[-lines:]
        told = (f"{self._stamp(each) if timestamps else ''}{line}\n" for each, line in chosen)
        return "".join(told).encode()

    def _stamp(self, second: float) -> str:
        moment = BEGIN + timedelta(seconds=second)
        form = "%Y-%m-%dT%H:%M:%S.%f789Z " if self.exact else "%Y-%m-%dT%H:%M:%SZ "
        return moment.strftime(form)

    def state(self, name: str) -> ContainerState:
        return ContainerState(
            id=self.id,
            user="",
            running=True,
            exit_code=0,
            out_of_memory=False,
            error="",
            command=(),
        )


@pytest.fixture(params=[True, False], ids=["docker", "podman"])
def engine(request: pytest.FixtureRequest) -> _Engine:
    return _Engine(exact=request.param)


@pytest.fixture
def log(engine: _Engine) -> ContainerLog:
    return ContainerLog(engine=cast(Engine, engine), container="acideploy-echo-svc-1")


def test_every_line_is_read_once(engine: _Engine, log: ContainerLog) -> None:
    engine.write(1.1, "one", "two")
    read, mark = log.lines_from(None)
    assert read == ["one", "two"]
    engine.write(1.2, "three")
    engine.write(2.3, "four")
    read, mark = log.lines_from(mark)
    assert read == ["three", "four"]
    assert log.lines_from(mark) == ([], mark)
    engine.write(2.4, "five")
    assert log.lines_from(mark)[0] == ["five"]


def test_a_mark_is_the_end(engine: _Engine, log: ContainerLog) -> None:
    empty = log.mark()
    engine.write(1.1, "one", "two")
    mark = log.mark()
    engine.write(1.2, "three")
    assert log.lines_from(mark)[0] == ["three"]
    assert log.lines_from(empty)[0] == ["one", "two", "three"]


def test_a_restart_begins_a_new_log(engine: _Engine, log: ContainerLog) -> None:
    engine.write(1.1, "one", "two")
    _, mark = log.lines_from(None)
    engine.id, engine.written = "second", [(1.2, "again")]
    assert log.lines_from(mark)[0] == ["again"]


def test_the_tail_is_the_last_lines(engine: _Engine, log: ContainerLog, tmp_path: Path) -> None:
    log.save(tmp_path / "kept.log")
    assert not (tmp_path / "kept.log").exists()
    engine.write(1.1, "one", "two", "three")
    assert log.tail(2) == "two\nthree"
    assert log.tail(0) == ""
    log.save(tmp_path / "kept.log")
    assert (tmp_path / "kept.log").read_text() == "one\ntwo\nthree\n"
