"""Reading a blob, with its digest checked on the way."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from acideploy.disk import storage_error
from acideploy.errors import StorageError
from acideploy.registry.descriptor import Descriptor

_CHUNK = 1 << 20
_HINT = "restore the blob from a copy, or delete what it belongs to and register that again"


def open_blob(path: Path, blob: Descriptor) -> BlobReader:
    """Raises StorageError where the blob is missing."""
    try:
        return BlobReader(path.open("rb", buffering=0), blob)
    except FileNotFoundError as error:
        raise StorageError(f"blob {blob.digest} is missing", hint=_HINT) from error
    except OSError as error:
        raise storage_error("read", path, error) from error


class BlobReader(io.RawIOBase):
    """A blob as a stream. What it gives is to be trusted only after `finish`."""

    def __init__(self, file: io.FileIO, blob: Descriptor) -> None:
        super().__init__()
        self._file = file
        self._blob = blob
        self._hash = hashlib.sha256()
        self._size = 0

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, all the rest for -1; fewer than `size` only at the end."""
        parts: list[bytes] = []
        while size and (part := self._read_some(_CHUNK if size < 0 else min(size, _CHUNK))):
            parts.append(part)
            size = size if size < 0 else size - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def finish(self) -> None:
        """Reads the rest. Raises StorageError unless all was what the digest says."""
        while self._read_some(_CHUNK):
            pass
        if self._size != self._blob.size or f"sha256:{self._hash.hexdigest()}" != self._blob.digest:
            raise StorageError(
                f"blob {self._blob.digest} is damaged: its content has changed", hint=_HINT
            )

    def close(self) -> None:
        self._file.close()
        super().close()

    def _read_some(self, size: int) -> bytes:
        try:
            part = self._file.read(size) or b""
        except OSError as error:
            raise storage_error("read", self._file.name, error) from error
        self._hash.update(part)
        self._size += len(part)
        return part
