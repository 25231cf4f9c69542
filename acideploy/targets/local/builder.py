"""The container engine of this machine as what runs Dockerfiles. It keeps nothing of an image."""

from __future__ import annotations

import tarfile
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from acideploy.clock import Clock
from acideploy.config.problem import Problem
from acideploy.disk import storage_error
from acideploy.environment.base_image import BaseImage
from acideploy.environment.scratch import scratch_folder
from acideploy.errors import EngineError
from acideploy.events import Emit, Finished, Said, Started
from acideploy.image.saved import read_docker_archive
from acideploy.registry import Artifact, Registry
from acideploy.registry.push import push
from acideploy.targets.local.engine import Engine
from acideploy.targets.local.engines import Engines

_TASK = "build"
# Of what a build printed, when it fails.
_LAST_LINES = 20
_OTHER_WAYS = (
    "start a container engine here (`systemctl start docker`), or have a registry build the image "
    "(`az acr build`) and name it as baseImage"
)


class EngineBuilder:
    """Images go to `registry`, by way of a file below `scratch`."""

    def __init__(
        self, engines: Engines, registry: Registry, *, scratch: Path, clock: Clock
    ) -> None:
        self._engines = engines
        self._registry = registry
        self._scratch = scratch
        self._clock = clock

    def build(self, base: BaseImage, *, repository: str, tag: str, emit: Emit) -> None:
        engine = find_engine(self._engines)
        try:
            with scratch_folder(self._scratch, f"dockerfile-{tag}", clock=self._clock) as folder:
                # Another deploy may have built it meanwhile.
                if self._registry.find_manifest(repository, tag) is None:
                    artifact = _saved(base, engine, folder / "image.tar", emit)
                    push(
                        artifact,
                        registry=self._registry,
                        repository=repository,
                        tag=tag,
                        clock=self._clock,
                        emit=emit,
                    )
        except OSError as error:
            raise storage_error("write", error.filename or self._scratch, error) from error


def find_engine(engines: Engines) -> Engine:
    """The one that runs Dockerfiles. Raises EngineError, with the ways that are left."""
    try:
        return engines.find()
    except EngineError as error:
        raise EngineError(
            f"the base image's Dockerfile has to be run, and {error.message}", hint=_OTHER_WAYS
        ) from error


def judge_builds(problems: Sequence[Problem], engines: Engines) -> tuple[Problem, ...]:
    """The problems, where a note that something has to be built is an error if nothing can."""
    try:
        find_engine(engines)
    except EngineError as error:
        return tuple(
            replace(problem, severity="error", message=error.message, hint=error.hint)
            if problem.code == "needs-build"
            else problem
            for problem in problems
        )
    return tuple(problems)


def _saved(base: BaseImage, engine: Engine, archive: Path, emit: Emit) -> Artifact:
    emit(Started(task=_TASK, title=f"Base image by {engine.name}"))
    try:
        _build(base, engine, emit)
        try:
            with archive.open("wb") as file:
                file.writelines(engine.save(base.name))
        finally:
            engine.remove_image(base.name)
        artifact = read_docker_archive(archive)
    except (tarfile.TarError, ValueError, KeyError, TypeError) as error:
        emit(Finished(task=_TASK, outcome="failed"))
        raise EngineError(f"{engine.name} saved an image that cannot be read: {error}") from error
    except BaseException:
        emit(Finished(task=_TASK, outcome="failed"))
        raise
    emit(Finished(task=_TASK, outcome="done"))
    return artifact


def _build(base: BaseImage, engine: Engine, emit: Emit) -> None:
    assert base.dockerfile is not None
    login = (base.username, base.password, base.registry) if base.username else None
    last: deque[str] = deque(maxlen=_LAST_LINES)
    try:
        for line in engine.build(base.dockerfile, tag=base.name, login=login):
            last.append(line)
            emit(Said(line=f"build: {line}"))
    except EngineError as error:
        raise EngineError(
            error.message,
            detail="\n".join(last) or None,
            hint="mend that step of the Dockerfile; it is run without files of its own, so that "
            "COPY finds nothing",
            status=error.status,
        ) from error
