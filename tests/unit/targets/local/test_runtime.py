"""Whether a local service runs in a container."""

from __future__ import annotations

from typing import cast

import pytest

from acideploy.errors import EngineError
from acideploy.targets.local.engine import Engine
from acideploy.targets.local.runtime import choose_runtime


class _Engine:
    name = "Docker 27.0"
    address = "unix:///var/run/docker.sock"


def _found() -> Engine:
    return cast(Engine, _Engine())


def _missing() -> Engine:
    raise EngineError("no container engine answers")


def test_a_process_needs_no_engine() -> None:
    assert choose_runtime("process", find_engine=_missing) == ("process", None)


def test_a_container_needs_one() -> None:
    assert choose_runtime("container", find_engine=_found) == ("container", None)
    with pytest.raises(EngineError):
        choose_runtime("container", find_engine=_missing)


def test_auto_takes_what_there_is_and_says_why() -> None:
    runtime, note = choose_runtime("auto", find_engine=_found)
    assert runtime == "container"
    assert note is not None
    assert "Docker 27.0 answers at unix:///var/run/docker.sock" in note.message
    runtime, note = choose_runtime("auto", find_engine=_missing)
    assert runtime == "process"
    assert note is not None
    assert "runs as a process: no container engine answers" in note.message
