"""A blob as the body of one request: iterated once, by the HTTP client."""

from __future__ import annotations

from collections.abc import Iterator

from acideploy.progress import Advance
from acideploy.registry import Blob, Unmeasured


class Body:
    """Its length becomes the Content-Length."""

    def __init__(self, blob: Blob, advance: Advance) -> None:
        self._blob = blob
        self._advance = advance
        self._sent = 0

    def __len__(self) -> int:
        return self._blob.descriptor.size

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._blob.chunks():
            yield chunk
            self._sent += len(chunk)
            self._advance(len(chunk))

    def take_back(self) -> None:
        """What was sent was in vain, and is sent again."""
        self._advance(-self._sent)
        self._sent = 0


class Stream:
    """Of a length that may not be known beforehand."""

    def __init__(self, blob: Unmeasured, advance: Advance) -> None:
        self.size = blob.size
        self._blob = blob
        self._advance = advance
        self._sent = 0

    def __iter__(self) -> Iterator[bytes]:
        return self._blob.chunks(self._count)

    def take_back(self) -> None:
        """What was sent was in vain, and is sent again."""
        self._count(-self._sent)

    def _count(self, count: int) -> None:
        self._sent += count
        self._advance(count)
