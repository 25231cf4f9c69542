"""Whether a local service runs in a container or as a process."""

from __future__ import annotations

from collections.abc import Callable

from acideploy.config.problem import Problem
from acideploy.config.values import Runtime, RuntimeChoice
from acideploy.errors import EngineError
from acideploy.targets.local.engine import Engine


def choose_runtime(
    asked: RuntimeChoice, *, find_engine: Callable[[], Engine]
) -> tuple[Runtime, Problem | None]:
    """What was asked for; for `auto` what this machine can do, with a note that says why.

    Raises EngineError where a container is asked for, and no engine answers.
    """
    if asked == "process":
        return "process", None
    if asked == "container":
        find_engine()
        return "container", None
    try:
        engine = find_engine()
    except EngineError as error:
        return "process", _note(f"runs as a process: {error.message}")
    return "container", _note(f"runs in a container: {engine.name} answers at {engine.address}")


def _note(message: str) -> Problem:
    return Problem(code="runtime-chosen", severity="note", message=f"the service {message}")
