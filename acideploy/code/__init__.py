"""The user's code: a source directory, or one entry script."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from acideploy.code.digest import digest_of
from acideploy.code.selection import Selection, everything_in, select
from acideploy.config.problem import Problem
from acideploy.config.values import InferenceConfig
from acideploy.disk import storage_error
from acideploy.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """`path` is the source directory, or the entry script where that is all there is.

    `entry_script` and `source_directory` say where they lie under the app root. `origin` is the
    directory in which the user knows these files. `selection` is what of the source directory is
    deployed; None where nothing was selected, as in what has been deployed before.
    """

    path: Path
    entry_script: str
    source_directory: str | None
    origin: Path
    selection: Selection | None = None

    def digest(self) -> str:
        """The same for the same names, contents and executable bits. Raises StorageError."""
        return digest_of(self.files(), begin=self.entry_script.encode())

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
        files = self.selection.files if self.selection else everything_in(self.path)
        for file in files:
            yield f"{self.source_directory}/{file.name}", self.path / file.name


def code_of(config: InferenceConfig, *, leave_out: Path | None = None) -> Code:
    """The code that a config names, without what is left out of it, and without `leave_out`.

    Raises ConfigurationError where the entry script is not in the source directory, and
    StorageError for what cannot be read.
    """
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
        selection=select(source, script=inside.as_posix(), leave_out=leave_out),
    )


def _inside(script: Path, source: Path) -> Path | None:
    """The script under the source directory: as it is written, else where it really lies."""
    written = Path(os.path.abspath(script)), Path(os.path.abspath(source))
    for path, folder in (written, (script.resolve(), source.resolve())):
        if path.is_relative_to(folder):
            return path.relative_to(folder)
    return None


def content_digest(path: Path) -> str:
    """The same for a file, or a folder, of the same content. Raises StorageError."""
    if not path.is_dir():
        return digest_of([(".", path)])
    return digest_of((file.name, path / file.name) for file in everything_in(path))
