"""Where an interpreter of a given version is on this machine."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from acideploy.environment.uv import UvFailed, run_uv
from acideploy.errors import DependencyError
from acideploy.events import Emit, ignore


def find_interpreter(version: str, *, emit: Emit = ignore) -> Path:
    """The interpreter for `version` (`3.11`): one that is here, else one that uv can download.

    Raises DependencyError.
    """
    if found := installed_interpreter(version):
        return found
    try:
        run_uv(["python", "install", version], directory=Path.cwd(), emit=emit)
        return Path(_uv_find(version))
    except UvFailed as error:
        raise DependencyError(
            f"python {version} is not on this machine and could not be downloaded",
            detail=error.output,
            hint=f"install python {version}, or add `--python {_running()}` to use the one here",
        ) from error


def installed_interpreter(version: str) -> Path | None:
    """The interpreter of the series of `version` (`3.11`, `3.11.7`) that is here."""
    series = ".".join(version.split(".")[:2])
    if series == _running():
        # The base interpreter: an environment made from a virtual one would die with it.
        return Path(getattr(sys, "_base_executable", sys.executable))
    return next(_installed(series), None)


def _running() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _installed(version: str) -> Iterator[Path]:
    with contextlib.suppress(UvFailed):
        yield Path(_uv_find(version))
    # pyenv's own shims answer only for the versions that are switched on.
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True)
    yield from (path for path in candidates if os.access(path, os.X_OK))


def _uv_find(version: str) -> str:
    arguments = ["python", "find", "--no-project", "--no-python-downloads", "--system", version]
    output = run_uv(arguments, directory=Path.cwd())
    return output.splitlines()[-1]
