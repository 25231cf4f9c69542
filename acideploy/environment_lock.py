"""`environment lock`: what an environment comes to today, written down to be used again."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from acideploy.atomic import write_atomically
from acideploy.disk import storage_error
from acideploy.environment.lock import EnvironmentLock, differences
from acideploy.environment.lock_file import read_lock_file, write_lock
from acideploy.environment.platforms import IMAGE
from acideploy.environment.request import EnvironmentRequest
from acideploy.environment.solve import solve
from acideploy.events import Emit, Finished, Started


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """`changes` are those of the file's earlier content, as `diff` marks them: `- flask 2.3.2`.

    None where there was no file. `written` says whether the file is what `lock` says.
    """

    path: Path
    lock: EnvironmentLock
    changes: tuple[str, ...] | None
    written: bool


def lock_environment(request: EnvironmentRequest, path: Path, *, write: bool, emit: Emit) -> Locked:
    """Resolves what is asked for anew, and writes it to `path` where `write` says so.

    Raises DependencyError and StorageError.
    """
    before = read_lock_file(path) if path.exists() else None
    emit(Started(task="lock", title=f"Lock for Python {request.python}"))
    try:
        with tempfile.TemporaryDirectory(prefix="acideploy-") as folder:
            lock = solve(request, platform=IMAGE, scratch=Path(folder), emit=emit)
        changes = tuple(differences(before, lock)) if before else None
        if write and changes != ():
            write_atomically(path, write_lock(lock).encode())
    except OSError as error:
        emit(Finished(task="lock", outcome="failed"))
        raise storage_error("write", error.filename or path, error) from error
    except BaseException:
        emit(Finished(task="lock", outcome="failed"))
        raise
    count = f"{len(lock.conda)} conda packages, {len(lock.pip)} pip packages"
    emit(Finished(task="lock", outcome="reused" if changes == () else "done", detail=count))
    return Locked(path=path, lock=lock, changes=changes, written=write or changes == ())
