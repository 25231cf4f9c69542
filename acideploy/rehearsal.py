"""A service of Azure's tried out on this machine first: the same image, in a container engine."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from acideploy.clock import Clock
from acideploy.config.problem import Problem
from acideploy.config.values import Limits, Serving
from acideploy.deploy import deploy
from acideploy.errors import EngineError, NotFoundError
from acideploy.events import Emit, Noticed
from acideploy.image import Compression
from acideploy.parts import Parts
from acideploy.plan import Wanted, make_plan

_SUFFIX = "-rehearsal"
_LONGEST_NAME = 32


def rehearse(
    wanted: Wanted, *, parts: Parts, compression: Compression, clock: Clock, emit: Emit
) -> None:
    """Starts the image, waits until it is healthy, and removes the container.

    Keys and certificates are left out. Where no engine answers, that is told. Raises what a deploy
    to this machine raises.
    """
    target = parts.target()
    try:
        target.choose_runtime("container")
    except EngineError as error:
        emit(Noticed(problem=_not_rehearsed(error)))
        return
    trial = _trial(wanted)
    # Of a rehearsal that was killed.
    with suppress(NotFoundError):
        target.delete(trial.name)
    plan = make_plan(trial, environment_exists=True, present=None)
    # Without a host it is loaded into the engine, and nothing of the trial's name is pushed.
    here = replace(parts, host=None)
    try:
        with target.changing(trial.name, new=True):
            deploy(
                trial,
                plan,
                parts=here,
                compression=compression,
                wait=True,
                clock=clock,
                emit=emit,
            )
    finally:
        with suppress(NotFoundError):
            target.delete(trial.name)


def _trial(wanted: Wanted) -> Wanted:
    assert wanted.aci is not None
    return replace(
        wanted,
        name=wanted.name[: _LONGEST_NAME - len(_SUFFIX)] + _SUFFIX,
        runtime="container",
        port=None,
        serving=Serving(),
        limits=Limits(cpu=wanted.aci.cpu, memory_in_gb=wanted.aci.memory_in_gb),
        aci=None,
    )


def _not_rehearsed(error: EngineError) -> Problem:
    return Problem(
        code="not-rehearsed",
        severity="note",
        message=f"nothing is rehearsed: {error.message}",
        hint=error.hint,
    )
