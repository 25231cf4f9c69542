"""A blob as the body of one request."""

from __future__ import annotations

from collections.abc import Iterator

from acideploy.progress import Advance
from acideploy.registry import Blob


class Body:
    """Iterated once, by the HTTP client; its length becomes the Content-Length."""

    def __init__(self, blob: Blob, advance: Advance) -> None:
        self._blob = blob
        self._advance = advance
        self._sent = 0

    @property
    def title(self) -> str:
        return self._blob.title

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
