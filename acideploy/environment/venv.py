"""Virtual environments in a cache, each named by the content of what was asked."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from acideploy.clock import Clock
from acideploy.disk import storage_error
from acideploy.environment.install import install
from acideploy.environment.interpreter import find_interpreter
from acideploy.environment.request import EnvironmentRequest
from acideploy.environment.uv import UvFailed, run_uv
from acideploy.errors import BusyError, DependencyError
from acideploy.events import Emit, Finished, Started, ignore
from acideploy.lock import lock

# Long enough for another deploy to finish the same environment, which then serves both.
_WAIT_FOR_OTHER = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualEnvironment:
    """An environment that is complete. `digest` is that of the request it was made for."""

    digest: str
    directory: Path

    @property
    def python(self) -> Path:
        return self.directory / "bin" / "python"


class VenvBuilder:
    """Makes virtual environments under `cache`, once for each request."""

    def __init__(self, cache: Path, *, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock

    def find(self, request: EnvironmentRequest) -> VirtualEnvironment | None:
        """The environment, if it has been made and its interpreter is still there."""
        directory = self._cache / request.digest
        environment = VirtualEnvironment(digest=request.digest, directory=directory)
        return environment if environment.python.exists() else None

    def build(self, request: EnvironmentRequest, *, emit: Emit = ignore) -> VirtualEnvironment:
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

    def ensure(self, request: EnvironmentRequest, *, emit: Emit = ignore) -> VirtualEnvironment:
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
                lock(self._cache / f"{digest}.lock", clock=self._clock, within=0, busy=_busy),
            ):
                removed[digest] = removed.get(digest, 0) + _remove(directory)
        return removed

    def _build(self, request: EnvironmentRequest, *, task: str, emit: Emit) -> VirtualEnvironment:
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            path = self._cache / f"{request.digest}.lock"
            with lock(path, clock=self._clock, within=_WAIT_FOR_OTHER, busy=_busy):
                environment = self.find(request) or self._make(request, emit=emit)
        except OSError as error:
            raise storage_error("write", self._cache, error) from error
        emit(Finished(task=task, outcome="done", detail=_summary(environment)))
        return environment

    def _make(self, request: EnvironmentRequest, *, emit: Emit) -> VirtualEnvironment:
        """Makes it beside its place and moves it there when complete: a kill leaves no half."""
        for left in self._cache.glob(f"{request.digest}-*"):
            shutil.rmtree(left, ignore_errors=True)
        interpreter = find_interpreter(request.python, emit=emit)
        final = self._cache / request.digest
        with tempfile.TemporaryDirectory(dir=self._cache, prefix=f"{request.digest}-") as scratch:
            made = Path(scratch) / "environment"
            create = ["venv", "--relocatable", "--no-project", "--python", str(interpreter)]
            try:
                run_uv([*create, str(made)], directory=self._cache)
            except UvFailed as error:
                raise DependencyError(
                    f"cannot make an environment with {interpreter}", detail=error.output
                ) from error
            python = str(made / "bin" / "python")
            install(request, ["--python", python], scratch=made, emit=emit)
            frozen = run_uv(["pip", "freeze", "--python", python], directory=made)
            (made / "requirements.lock").write_text(frozen + "\n")
            shutil.rmtree(final, ignore_errors=True)
            # Requirement lines may hold the password of an index.
            made.chmod(0o700)
            made.rename(final)
        return VirtualEnvironment(digest=request.digest, directory=final)


def _remove(directory: Path) -> int:
    size = sum(path.lstat().st_size for path in directory.rglob("*"))
    try:
        shutil.rmtree(directory)
    except OSError as error:
        raise storage_error("remove", directory, error) from error
    return size


def _summary(environment: VirtualEnvironment) -> str:
    lock_file = environment.directory / "requirements.lock"
    return f"{len(lock_file.read_text().splitlines())} packages"


def _busy() -> BusyError:
    return BusyError("another deploy has been making the same environment for half an hour")
