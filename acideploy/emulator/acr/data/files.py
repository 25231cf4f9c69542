"""The bytes of a registry: blobs as files by digest, and uploads on their way to become some."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from acideploy.emulator.acr.data.errors import upload_unknown

# Small parts are put together before they are written: each write is a trip to a thread.
_PART = 1 << 20


class Files:
    """The folder of one registry. All that reads or writes much does so in threads."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._hashes: dict[str, tuple[int, Any]] = {}

    def blob(self, digest: str) -> Path:
        return blob_path(self.directory, digest)

    def received(self, upload: str) -> int:
        """How many bytes of an upload are there."""
        path = self._upload(upload)
        return path.stat().st_size if path.is_file() else 0

    def begin(self, upload: str) -> None:
        path = self._upload(upload)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self._hashes[upload] = (0, hashlib.sha256())

    async def append(self, upload: str, stream: AsyncIterator[bytes]) -> None:
        """Adds to an upload. What came before the stream broke off stays there."""
        parts, size = [], 0
        try:
            async for part in stream:
                parts.append(part)
                size += len(part)
                if size >= _PART:
                    await asyncio.to_thread(self._write, upload, b"".join(parts))
                    parts, size = [], 0
        finally:
            if parts:
                await asyncio.to_thread(self._write, upload, b"".join(parts))

    async def digest(self, upload: str, algorithm: str = "sha256") -> str:
        """The digest of what is there; read again when it was not seen whole as it came in."""
        seen, code = self._hashes.get(upload, (-1, None))
        if algorithm != "sha256" or seen != self.received(upload):
            code = await asyncio.to_thread(_hash, self._upload(upload), algorithm)
        assert code is not None
        return f"{algorithm}:{code.hexdigest()}"

    def adopt(self, upload: str, digest: str) -> int:
        """Makes an upload the blob of this digest; returns its size."""
        self._hashes.pop(upload, None)
        path, blob = self._upload(upload), self.blob(digest)
        blob.parent.mkdir(parents=True, exist_ok=True)
        # Whole at once; in place of the same bytes, when somebody was quicker.
        path.replace(blob)
        return blob.stat().st_size

    def discard(self, upload: str) -> None:
        self._hashes.pop(upload, None)
        self._upload(upload).unlink(missing_ok=True)

    def remove(self, digest: str) -> None:
        self.blob(digest).unlink(missing_ok=True)

    def remove_all(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def _upload(self, upload: str) -> Path:
        return self.directory / "uploads" / upload

    def _write(self, upload: str, content: bytes) -> None:
        try:
            # Not made anew when it was cancelled in the meantime.
            with self._upload(upload).open("r+b") as file:
                begin = file.seek(0, os.SEEK_END)
                file.write(content)
        except FileNotFoundError as error:
            raise upload_unknown() from error
        seen, code = self._hashes.get(upload, (-1, None))
        if code is not None and seen == begin:
            code.update(content)
            self._hashes[upload] = (begin + len(content), code)


def blob_path(directory: Path, digest: str) -> Path:
    algorithm, _, code = digest.partition(":")
    return directory / "blobs" / algorithm / code[:2] / code


async def read(path: Path) -> AsyncIterator[bytes]:
    """The bytes of a file, in parts."""
    with path.open("rb") as file:
        while part := await asyncio.to_thread(file.read, _PART):
            yield part


def _hash(path: Path, algorithm: str) -> Any:
    code = hashlib.new(algorithm)
    with path.open("rb") as file:
        while part := file.read(_PART):
            code.update(part)
    return code
