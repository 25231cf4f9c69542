"""The user's code: a source directory, or one entry script."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from acideploy.config.problem import Problem
from acideploy.config.values import InferenceConfig
from acideploy.disk import storage_error
from acideploy.errors import ConfigurationError, StorageError

_LEFT_OUT = frozenset({".git", "__pycache__", ".ipynb_checkpoints"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """`path` is the source directory, or the entry script where that is all there is.

    `entry_script` and `source_directory` say where they lie under the app root. `origin` is the
    directory in which the user knows these files. `leave_out` is a folder that is no part of it.
    """

    path: Path
    entry_script: str
    source_directory: str | None
    origin: Path
    leave_out: Path | None = None

    def digest(self) -> str:
        """The same for the same names, contents and executable bits. Raises StorageError."""
        digest = hashlib.sha256(self.entry_script.encode())
        for name, file in self.files():
            try:
                digest.update(os.fsencode(name) + b"\0" + _content_digest(file))
            except OSError as error:
                raise storage_error("read", file, error) from error
        return digest.hexdigest()

    def copy_to(self, app_root: Path) -> None:
        """Lays the code out under the app root, with what links lead to. Raises StorageError."""
        for name, file in self.files():
            target = app_root / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, target)
            except OSError as error:
                raise storage_error("copy", file, error) from error

    def files(self) -> Iterator[tuple[str, Path]]:
        """Names under the app root, and the files, in an order that does not depend on the disk.

        Raises StorageError for a folder that cannot be listed, and for a link to nothing.
        """
        if self.source_directory is None:
            yield self.entry_script, self.path
            return
        found = _walk(self.path, frozenset(), self.leave_out)
        for file in sorted(found, key=os.fsencode):
            yield f"{self.source_directory}/{file.relative_to(self.path)}", file


def code_of(config: InferenceConfig, *, leave_out: Path | None = None) -> Code:
    """Raises ConfigurationError where the entry script is not in the source directory."""
    script, source = config.entry_script, config.source_directory
    if source is None:
        return Code(
            path=script, entry_script=script.name, source_directory=None, origin=script.parent
        )
    inside = _inside(script, source)
    if inside is None:
        raise ConfigurationError(
            [
                Problem(
                    code="entry-script-outside",
                    severity="error",
                    message=f"the entry script {script} is not in the source directory {source}",
                    hint="move it there, or name a directory that holds both",
                )
            ]
        )
    name = source.resolve().name or "source"
    return Code(
        path=source,
        entry_script=f"{name}/{inside.as_posix()}",
        source_directory=name,
        origin=source,
        leave_out=leave_out,
    )


def _inside(script: Path, source: Path) -> Path | None:
    """The script under the source directory: as it is written, else where it really lies."""
    written = Path(os.path.abspath(script)), Path(os.path.abspath(source))
    for path, folder in (written, (script.resolve(), source.resolve())):
        if path.is_relative_to(folder):
            return path.relative_to(folder)
    return None


def _walk(folder: Path, above: frozenset[Path], leave_out: Path | None) -> Iterator[Path]:
    """Every file below a folder, through links too; one that leads upwards is not followed."""
    real = folder.resolve()
    if real in above or real == leave_out:
        return
    try:
        entries = list(folder.iterdir())
    except OSError as error:
        raise storage_error("read", folder, error) from error
    for entry in entries:
        if entry.is_dir():
            if not _is_left_out(entry):
                yield from _walk(entry, above | {real}, leave_out)
        elif entry.is_file():
            yield entry
        elif entry.is_symlink():
            raise StorageError(
                f"{entry} is a link to {os.readlink(entry)}, which does not exist",
                hint="remove the link, or make what it leads to",
            )
        # Sockets and pipes are not code, and reading one would wait for ever.


def _is_left_out(folder: Path) -> bool:
    return folder.name in _LEFT_OUT or (folder / "pyvenv.cfg").is_file()


def content_digest(path: Path) -> str:
    """The same for a file, or a folder, of the same content. Raises StorageError."""
    digest = hashlib.sha256()
    for file in (
        sorted(_walk(path, frozenset(), None), key=os.fsencode) if path.is_dir() else [path]
    ):
        try:
            digest.update(os.fsencode(file.relative_to(path)) + b"\0" + _content_digest(file))
        except OSError as error:
            raise storage_error("read", file, error) from error
    return digest.hexdigest()


def _content_digest(file: Path) -> bytes:
    with file.open("rb") as content:
        executable = b"x" if os.access(file, os.X_OK) else b"-"
        digest = hashlib.sha256()
        while block := content.read(1 << 20):
            digest.update(block)
        return executable + digest.digest()
