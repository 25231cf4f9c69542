"""The files of a folder, found in one pass."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from acideploy.code.ignore import IGNORE_FILES, Ignored
from acideploy.code.rules import Rule
from acideploy.config.problem import Problem
from acideploy.disk import shown, storage_error
from acideploy.errors import StorageError

# Tools write these into any folder, and none is read by what runs there.
LEFTOVERS = frozenset({".git", "__pycache__", ".ipynb_checkpoints"})

# Nothing that a script may want is called so; a folder `build`, `env` or `.cache` it may want.
NOT_CODE = LEFTOVERS | {
    *(".hg", ".svn", ".bzr", ".DS_Store", "node_modules"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox"),
    # Names a subscription and a workspace.
    ".azureml",
    # What they say is not run, so that a change in them makes no other service.
    *IGNORE_FILES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """`name` is the path below the folder that was walked, with `/`; `size` is in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder to walk. `name` is its path below the first one; `above` are those it lies in.

    `not_code` are names that are left out whatever the ignore files say.
    """

    path: Path
    ignored: Ignored
    not_code: frozenset[str]
    leave_out: Path | None = None
    name: str = ""
    above: frozenset[Path] = frozenset()


def walk(here: Folder) -> Iterator[SourceFile | Problem]:
    """Every file that is not left out, through links too; one that leads upwards is not followed.

    And what is wrong with the ignore files. Raises StorageError for what cannot be read, and for
    a link to nothing.
    """
    real = here.path.resolve()
    if real in here.above or real == here.leave_out:
        return
    here = replace(here, above=here.above | {real})
    yield from here.ignored.problems
    is_empty = True
    for entry in _entries(here.path):
        for found in _found_at(entry, here):
            is_empty = is_empty and isinstance(found, Problem)
            yield found
    if is_empty and here.name:
        yield from _placeholder(here)


def why_not_code(path: str, names: frozenset[str], *, is_folder: bool) -> str | None:
    """Why a file or folder is left out whatever the ignore files say; None where it is not."""
    name = os.path.basename(path)
    if name in names:
        return f"acideploy leaves {name} out"
    if is_folder and (os.path.isfile(f"{path}/pyvenv.cfg") or os.path.isdir(f"{path}/conda-meta")):
        return f"acideploy leaves out {name}, a virtual environment"
    if name.endswith(".pyc") and os.path.isfile(path.removesuffix("c")):
        # Without its source it would be a module like any other.
        return f"acideploy leaves out {name}, which Python makes again"
    return None


def file_size(path: Path | os.DirEntry[str]) -> int | None:
    """The size in bytes, or None for what is no file, such as a pipe. Raises StorageError."""
    try:
        status = path.stat()
    except OSError as error:
        if path.is_symlink():
            name, target = shown(os.fspath(path)), shown(os.readlink(path))
            raise StorageError(
                f"{name} is a link to {target}, which does not exist",
                hint="remove the link, or make what it leads to",
            ) from error
        raise storage_error("read", Path(path), error) from error
    # Sockets and pipes are not code, and reading one would wait for ever.
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        raise storage_error("read", folder, error) from error


def _found_at(entry: os.DirEntry[str], here: Folder) -> Iterator[SourceFile | Problem]:
    name = f"{here.name}/{entry.name}" if here.name else entry.name
    is_folder = _is_folder(entry)
    if why_not_code(entry.path, here.not_code, is_folder=is_folder):
        return
    if is_folder:
        path = Path(entry.path)
        inside = here.ignored.within(path, name)
        if not isinstance(inside, Rule):
            yield from walk(replace(here, path=path, name=name, ignored=inside))
    elif not here.ignored.rule_for(name):
        size = file_size(entry)
        if size is not None:
            yield SourceFile(name=name, size=size)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that may not be entered
        return False


def _placeholder(here: Folder) -> Iterator[SourceFile]:
    """The `.gitignore` that is there to keep a folder that a script writes to."""
    for file in sorted(IGNORE_FILES):
        name = f"{here.name}/{file}"
        if os.path.isfile(here.path / file) and not here.ignored.rule_for(name):
            yield SourceFile(name=name, size=file_size(here.path / file) or 0)
