"""Bytes of a blob, told from others by its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from acideploy.errors import RegistryError
from acideploy.registry.descriptor import Descriptor


class Verifier:
    """Holds the last chunk back until everything is known to be right."""

    def __init__(self, blob: Descriptor, location: str) -> None:
        self.size = 0
        self._blob = blob
        self._location = location
        self._hash = hashlib.sha256()
        self._held = b""
        self._size_before = -1

    def passing(self, chunk: bytes) -> Iterator[bytes]:
        """The chunk before, now that another one follows. Raises RegistryError."""
        if not chunk:
            return
        self._hash.update(chunk)
        self.size += len(chunk)
        if self.size > self._blob.size:
            raise self._wrong()
        held, self._held = self._held, chunk
        if held:
            yield held

    def has_advanced(self) -> bool:
        """Whether anything came since this was last asked."""
        before, self._size_before = self._size_before, self.size
        return self.size > before

    def finish(self) -> Iterator[bytes]:
        """The last chunk. Raises RegistryError unless all was what the digest says."""
        if self.size != self._blob.size or f"sha256:{self._hash.hexdigest()}" != self._blob.digest:
            raise self._wrong()
        yield self._held

    def _wrong(self) -> RegistryError:
        return RegistryError(
            f"{self._location} sent something else than blob {self._blob.digest}",
            hint="run this again; if it happens again, the registry's copy is damaged",
        )
