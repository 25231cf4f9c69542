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
from acideploy.errors import ConfigurationError, StorageError

_LEFT_OUT = frozenset({".git", "__pycache__", ".ipynb_checkpoints"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """`path` is the source directory, or the entry script where that is all there is.

    `entry_script` and `source_directory` say where they lie under the app root. `origin` is the
    directory in which the user knows these files.
    """

    path: Path
    entry_script: str
    source_directory: str | None
    origin: Path

    def digest(self) -> str:
        """The same for the same names, contents and executable bits. Raises StorageError."""
        digest = hashlib.sha256(self.entry_script.encode())
        try:
            for name, file in self.files():
                digest.update(name.encode(errors="surrogateescape") + b"\0")
                digest.update(_content_digest(file))
        except OSError as error:
            raise _unreadable(error) from error
        return digest.hexdigest()

    def copy_to(self, app_root: Path) -> None:
        """Lays the code out under the app root. Raises StorageError."""
        try:
            for name, file in self.files():
                target = app_root / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, target, follow_symlinks=False)
        except OSError as error:
            raise _unreadable(error) from error

    def files(self) -> Iterator[tuple[str, Path]]:
        """Names under the app root, and the files, in an order that does not depend on the disk."""
        if self.source_directory is None:
            yield self.entry_script, self.path
            return
        for file in sorted(_walk(self.path)):
            yield f"{self.source_directory}/{file.relative_to(self.path)}", file


def code_of(config: InferenceConfig) -> Code:
    """Raises ConfigurationError where the entry script is not in the source directory."""
    script, source = config.entry_script, config.source_directory
    if source is None:
        return Code(
            path=script, entry_script=script.name, source_directory=None, origin=script.parent
        )
    try:
        inside = script.resolve().relative_to(source.resolve())
    except ValueError:
        raise ConfigurationError(
            [
                Problem(
                    code="entry-script-outside",
                    severity="error",
                    message=f"the entry script {script} is not in the source directory {source}",
                    hint="move it there, or name a directory that holds both",
                )
            ]
        ) from None
    name = source.resolve().name or "source"
    return Code(
        path=source,
        entry_script=f"{name}/{inside.as_posix()}",
        source_directory=name,
        origin=source,
    )


def _walk(directory: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(directory):
        here = Path(folder)
        kept = [name for name in folders if not _is_left_out(here / name)]
        links = [name for name in kept if (here / name).is_symlink()]
        folders[:] = [name for name in kept if name not in links]
        for name in (*files, *links):
            # Sockets and pipes are not code, and reading one would wait for ever.
            if (here / name).is_symlink() or (here / name).is_file():
                yield here / name


def _is_left_out(folder: Path) -> bool:
    return folder.name in _LEFT_OUT or (folder / "pyvenv.cfg").is_file()


def _content_digest(file: Path) -> bytes:
    if file.is_symlink():
        return b"link " + os.fsencode(os.readlink(file))
    with file.open("rb") as content:
        executable = b"x" if os.access(file, os.X_OK) else b"-"
        return executable + _sha256(content.fileno())


def _sha256(descriptor: int) -> bytes:
    digest = hashlib.sha256()
    while chunk := os.read(descriptor, 1 << 20):
        digest.update(chunk)
    return digest.digest()


def _unreadable(error: OSError) -> StorageError:
    return StorageError(f"cannot copy the code: {error.filename or ''}: {error.strerror}")
