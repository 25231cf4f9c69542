"""A service of Azure's tried out on this machine first: the same image, in a container engine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http import HTTPStatus

from acideploy.clock import Clock
from acideploy.config.problem import Problem
from acideploy.config.values import Limits, Serving
from acideploy.declared_sample import declared_sample
from acideploy.deploy import deploy
from acideploy.errors import EngineError, NotFoundError, ServiceFailedError
from acideploy.events import Emit, Finished, Noticed, Started
from acideploy.image import Compression
from acideploy.parts import Parts
from acideploy.plan import Wanted, make_plan
from acideploy.targets import Answer, Service

_NOT_SCORED = Problem(
    code="not-rehearsed",
    severity="note",
    message="run() is not rehearsed: nothing says what it is sent",
    hint="add `--sample FILE` with the body of a request, or decorate run() with @input_schema",
)
_SUFFIX = "-rehearsal"
_LONGEST_NAME = 32


def rehearse(
    wanted: Wanted,
    *,
    parts: Parts,
    compression: Compression,
    clock: Clock,
    emit: Emit,
    sample: bytes | None = None,
) -> None:
    """Starts the image, waits until it is healthy, sends it one request, removes the container.

    `sample` is the body of that request, else what the script's `@input_schema` says. Keys and
    certificates are left out. Where no engine answers, that is told, and where there is no sample.
    Raises ServiceFailedError where `run()` fails, and what a deploy to this machine raises.
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
    try:
        with target.changing(trial.name, new=True):
            service = deploy(
                trial,
                make_plan(trial, environment_exists=True, present=None),
                # Without a host it is loaded into the engine: nothing of its name is pushed.
                parts=replace(parts, host=None),
                compression=compression,
                wait=True,
                clock=clock,
                emit=emit,
            )
        score = partial(target.score, trial.name, content_type="application/json")
        _score(sample or _declared(service), score, emit)
    finally:
        with suppress(NotFoundError):
            target.delete(trial.name)


def _declared(service: Service) -> bytes | None:
    return declared_sample(service.port) if service.port else None


def _score(body: bytes | None, score: Callable[[bytes], Answer], emit: Emit) -> None:
    """Raises ServiceFailedError where `run()` fails; that it has nothing to be sent is told."""
    if body is None:
        emit(Noticed(problem=_NOT_SCORED))
        return
    emit(Started(task="run", title="A request to run()"))
    try:
        answer = score(body)
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise ServiceFailedError(
                f"the rehearsal failed: {answer.cause or f'status {answer.status}'}",
                place=answer.place,
                detail=f"sent:\n{_shown(body)}\nanswered:\n{_shown(answer.body)}",
                hint="mend the script, or give another request with `--sample FILE`",
            )
    except BaseException:
        emit(Finished(task="run", outcome="failed"))
        raise
    line = " ".join(_shown(answer.body, width=60).split())
    emit(Finished(task="run", outcome="done", detail=f"answered {line}"))


def _shown(body: bytes, *, width: int = 500) -> str:
    text = body.decode(errors="replace").strip()
    return text if len(text) <= width else f"{text[: width - 3]}..."


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
