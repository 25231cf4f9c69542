"""Blobs that are being written: files beside the layout's blobs, each locked by its writer.

The lock tells a running upload from one whose process was killed, which the next one removes. It
makes the key of an upload a claim, too: as long as the upload runs, nobody else has that key.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from pathlib import Path
from types import TracebackType

from acideploy.disk import storage_error
from acideploy.lock import is_held, release


class Upload:
    """A blob on its way. It is removed at the end of the `with` block unless it was kept."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where the file exists or cannot be made."""
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    @property
    def digest(self) -> str:
        """Of what has been written so far."""
        return f"sha256:{self._hash.hexdigest()}"

    def write(self, content: bytes) -> None:
        """Raises StorageError when the disk is full."""
        try:
            _write_all(self._file, content)
        except OSError as error:
            raise storage_error("write", self.path.parent, error) from error
        self._hash.update(content)
        self.size += len(content)

    def flush(self) -> None:
        """Returns when the content is on the disk."""
        try:
            os.fsync(self._file)
        except OSError as error:
            raise storage_error("write", self.path.parent, error) from error

    def __enter__(self) -> Upload:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A blob that was kept has been moved away.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        release(self._file)


class Uploads:
    """The uploads of one layout. Every call needs the layout's lock."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def start(self, key: str) -> Upload:
        """A new upload. `key` must be a file name that no running upload has."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            return Upload(self._directory / key)
        except OSError as error:
            raise storage_error("write", self._directory, error) from error

    def running(self) -> set[str]:
        """The keys of the running uploads. Removes what killed ones left."""
        try:
            return {path.name for path in self._files() if not _remove_abandoned(path)}
        except OSError as error:
            raise storage_error("read", self._directory, error) from error

    def _files(self) -> list[Path]:
        return list(self._directory.iterdir()) if self._directory.is_dir() else []


def _remove_abandoned(path: Path) -> bool:
    """Whether the file is gone: nobody held its lock, or its writer ended just now."""
    try:
        if is_held(path):
            return False
        path.unlink()
    except FileNotFoundError:
        pass
    return True


def _write_all(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]
