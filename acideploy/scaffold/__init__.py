"""`acideploy init`: a project that deploys as it is, with a trained model."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

from acideploy.errors import ConflictError, StorageError

# The Python versions that the template's pinned packages have wheels for.
_PYTHONS = ("3.10", "3.11", "3.12", "3.13")


def create(directory: Path) -> tuple[Path, ...]:
    """Writes the project into `directory`, which it makes, and returns the files in it.

    Raises ConflictError where one of them exists, and writes nothing then.
    """
    template = files(__package__) / "template"
    # pip compiles what it installs, so there are folders beside the files.
    contents = {
        directory / each.name: each.read_bytes() for each in template.iterdir() if each.is_file()
    }
    existing = sorted(path for path in contents if path.exists())
    if existing:
        raise ConflictError(
            f"{existing[0]} exists already",
            hint=f"name another folder: acideploy init {directory}-2",
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            path.write_bytes(content.replace(b"PYTHON_VERSION", _python_version().encode()))
    except OSError as error:
        raise StorageError(f"cannot write {error.filename}: {error.strerror}") from error
    return tuple(sorted(contents))


def _python_version() -> str:
    """This interpreter's version, which is surely on this machine, if the packages have it."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return running if running in _PYTHONS else _PYTHONS[-1]
