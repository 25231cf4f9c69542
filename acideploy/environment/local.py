"""Environments of processes on this machine, in a cache, each named by what was asked for.

Where the conda file has conda packages it is a conda prefix, else a virtual environment.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from acideploy.clock import Clock
from acideploy.disk import storage_error
from acideploy.environment.interpreter import find_interpreter
from acideploy.environment.lock import EnvironmentLock
from acideploy.environment.platforms import here
from acideploy.environment.request import EnvironmentRequest
from acideploy.environment.scratch import busy, scratch_folder
from acideploy.environment.uv import UvFailed, run_uv
from acideploy.errors import BusyError, DependencyError
from acideploy.events import Emit, Finished, Started, ignore
from acideploy.lock import lock

# Written last: a folder without it was being made when something killed us.
_LOCK = "pylock.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEnvironment:
    """An environment that is complete. `digest` is that of the request it was made for."""

    digest: str
    directory: Path

    @property
    def python(self) -> Path:
        return self.directory / "bin" / "python"


class LocalEnvironments:
    """Makes environments under `cache`, once for each request."""

    def __init__(self, cache: Path, *, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock

    def find(self, request: EnvironmentRequest) -> LocalEnvironment | None:
        """The environment, if it has been made and its interpreter is still there."""
        directory = self._cache / request.digest
        environment = LocalEnvironment(digest=request.digest, directory=directory)
        complete = (directory / _LOCK).exists() and environment.python.exists()
        return environment if complete else None

    def build(self, request: EnvironmentRequest, *, emit: Emit = ignore) -> LocalEnvironment:
        """Returns the environment, making it where it is missing. Raises DependencyError."""
        task = "environment"
        emit(Started(task=task, title=f"E{request.title[1:]}"))
        if found := self.find(request):
            emit(Finished(task=task, outcome="reused", detail="unchanged"))
            return found
        try:
            return self._build(request, task=task, emit=emit)
        except BaseException:
            emit(Finished(task=task, outcome="failed"))
            raise

    def ensure(self, request: EnvironmentRequest, *, emit: Emit = ignore) -> LocalEnvironment:
        """The same, and says nothing where there is nothing to do."""
        return self.find(request) or self.build(request, emit=emit)

    def remove_all_but(self, kept: Collection[str]) -> dict[str, int]:
        """Removes what is not kept; returns the bytes that each had, by its digest.

        One that is being made is left. Raises StorageError.
        """
        removed: dict[str, int] = {}
        for directory in sorted(filter(Path.is_dir, self._cache.glob("*"))):
            digest = directory.name.partition("-")[0]
            if digest in kept:
                continue
            with (
                suppress(BusyError),
                lock(self._cache / f"{digest}.lock", clock=self._clock, within=0, busy=busy),
            ):
                removed[digest] = removed.get(digest, 0) + _remove(directory)
        return removed

    def _build(self, request: EnvironmentRequest, *, task: str, emit: Emit) -> LocalEnvironment:
        try:
            with scratch_folder(self._cache, request.digest, clock=self._clock) as scratch:
                environment = self.find(request) or self._make(request, scratch, emit=emit)
        except OSError as error:
            raise storage_error("write", self._cache, error) from error
        emit(Finished(task=task, outcome="done", detail=_summary(environment)))
        return environment

    def _make(self, request: EnvironmentRequest, scratch: Path, *, emit: Emit) -> LocalEnvironment:
        """Makes it in its place, whose name is in its scripts; it counts when its lock is there."""
        # What most deploys need none of.
        from acideploy.environment.lock_file import write_lock
        from acideploy.environment.solve import solve

        found = LocalEnvironment(digest=request.digest, directory=self._cache / request.digest)
        shutil.rmtree(found.directory, ignore_errors=True)
        resolved = solve(request, platform=here(), scratch=scratch, emit=emit)
        # Requirement lines may hold the password of an index.
        found.directory.mkdir(mode=0o700)
        try:
            _add_interpreter(found, request, resolved, self._clock, emit)
            _add_packages(found, request, resolved, scratch, emit)
            (found.directory / _LOCK).write_text(write_lock(resolved), encoding="utf-8")
        except BaseException:
            shutil.rmtree(found.directory, ignore_errors=True)
            raise
        return found


def _add_interpreter(
    place: LocalEnvironment,
    request: EnvironmentRequest,
    resolved: EnvironmentLock,
    clock: Clock,
    emit: Emit,
) -> None:
    if request.conda:
        from acideploy.environment.conda_prefix import link

        link(
            resolved.conda,
            place.directory,
            python=None,
            platform=here(),
            # Not by way of a link, which may lead elsewhere tomorrow.
            prefix=str(place.directory.resolve()),
            channels=request.conda.channels,
            clock=clock,
            emit=emit,
        )
        return
    interpreter = find_interpreter(request.python, emit=emit)
    create = ["venv", "--allow-existing", "--no-project", "--python", str(interpreter)]
    try:
        run_uv([*create, str(place.directory.resolve())], directory=place.directory)
    except UvFailed as error:
        raise DependencyError(
            f"cannot make an environment with {interpreter}", detail=error.output
        ) from error


def _add_packages(
    place: LocalEnvironment,
    request: EnvironmentRequest,
    resolved: EnvironmentLock,
    scratch: Path,
    emit: Emit,
) -> None:
    from acideploy.environment.pip import install_packages

    try:
        install_packages(
            resolved.pip,
            ["--python", str(place.python)],
            options=request.options,
            python=resolved.python,
            directory=request.directory if request.directory.is_dir() else scratch,
            scratch=scratch,
            emit=emit,
        )
    except UvFailed as error:
        raise DependencyError("the packages cannot be installed", detail=error.output) from error


def _remove(directory: Path) -> int:
    size = sum(path.lstat().st_size for path in directory.rglob("*"))
    try:
        shutil.rmtree(directory)
    except OSError as error:
        raise storage_error("remove", directory, error) from error
    return size


def _summary(environment: LocalEnvironment) -> str:
    from acideploy.environment.lock_file import read_lock_file

    resolved = read_lock_file(environment.directory / _LOCK)
    return f"{len(resolved.conda) + len(resolved.pip)} packages"
