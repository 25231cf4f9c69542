"""What a layer becomes on its way to a registry: as it is, or compressed, and measured.

gzip is by ISA-L at its level 1, the same bytes for the same input and version of the library
(https://github.com/pycompression/python-isal): a tenth of zlib's time for a tenth more bytes.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from acideploy.image import Compression, Layer
from acideploy.progress import Advance
from acideploy.registry import Blob
from acideploy.registry.descriptor import Descriptor

TAR = "application/vnd.oci.image.layer.v1.tar"
GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
_MEDIA_TYPES: Mapping[Compression, str] = {"none": TAR, "gzip": GZIP}

_LEVEL = 1
# Deflate with a gzip header, which ISA-L writes without a time or a name.
_GZIP_WINDOW = 31
_BLOCK = 1 << 20
# Chunks that may wait for a thread to hash them.
_WAITING = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Of a layer as it is stored; `diff_id` is the digest of its tar. `size` is in bytes."""

    digest: str
    size: int
    diff_id: str


def made_layer(
    chunks: Callable[[], Iterator[bytes]],
    *,
    title: str,
    created_by: str,
    compression: Compression = "none",
) -> Layer:
    """A layer of the tar that `chunks` gives, at each call anew. Reads it once, to measure it."""
    measured = measure(chunks(), compression)
    descriptor = Descriptor(
        media_type=_MEDIA_TYPES[compression],
        digest=measured.digest,
        size=measured.size,
    )
    blob = Blob(
        descriptor=descriptor, title=title, chunks=lambda: compressed(chunks(), compression)
    )
    return Layer(blob=blob, diff_id=measured.diff_id, created_by=created_by)


def measure(chunks: Iterable[bytes], compression: Compression) -> Measured:
    """What the layer of a tar is. Hashes on other cores, and keeps no more than a few chunks."""
    packing = Packing(lambda: chunks, compression)
    for _ in packing.chunks(lambda count: None):
        pass
    return packing.measured


class Packing:
    """A tar on its way to being stored, which is measured while it passes.

    `tar` gives it, at each call anew. `size` is that of the tar in bytes, where it is known.
    """

    def __init__(
        self,
        tar: Callable[[], Iterable[bytes]],
        compression: Compression,
        *,
        size: int | None = None,
    ) -> None:
        self.size = size if compression == "none" else None
        self._tar = tar
        self._compression: Compression = compression
        self._measured: Measured | None = None

    def chunks(self, advance: Advance) -> Iterator[bytes]:
        """The bytes as they are stored; `advance` counts those of the tar."""
        with Hasher() as tar, Hasher() as stored:
            passing = _counted(tar.passing(self._tar()), advance)
            if self._compression == "none":
                yield from passing
                stored = tar
            else:
                yield from stored.passing(compressed(passing, self._compression))
            self._measured = Measured(
                digest=stored.digest(), size=stored.size, diff_id=tar.digest()
            )

    @property
    def measured(self) -> Measured:
        """What it was, once all of it has passed."""
        assert self._measured
        return self._measured

    @property
    def descriptor(self) -> Descriptor:
        """Of the bytes as they were stored, once all of them have passed."""
        media_type = _MEDIA_TYPES[self._compression]
        digest, size = self.measured.digest, self.measured.size
        return Descriptor(media_type=media_type, digest=digest, size=size)


def _counted(chunks: Iterable[bytes], advance: Advance) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        advance(len(chunk))


def compressed(chunks: Iterable[bytes], compression: Compression) -> Iterator[bytes]:
    """The bytes of the layer as they are stored."""
    if compression == "none":
        yield from chunks
        return
    from isal import isal_zlib

    deflate = isal_zlib.compressobj(level=_LEVEL, wbits=_GZIP_WINDOW)
    for block in _blocks(chunks):
        if out := deflate.compress(block):
            yield out
    yield deflate.flush()


def decompressed(chunks: Iterable[bytes], media_type: str) -> Iterator[bytes]:
    """The tar of a layer as it is stored. Raises ValueError where it is not what its type says."""
    if not media_type.endswith("gzip"):
        yield from chunks
        return
    from isal import igzip_lib, isal_zlib

    inflate = isal_zlib.decompressobj(wbits=_GZIP_WINDOW)
    try:
        for chunk in chunks:
            yield inflate.decompress(chunk)
            # Some tools write one member for each file (RFC 1952, 2.2).
            while inflate.eof and inflate.unused_data:
                rest = inflate.unused_data
                inflate = isal_zlib.decompressobj(wbits=_GZIP_WINDOW)
                yield inflate.decompress(rest)
    except igzip_lib.IsalError as error:  # type: ignore[misc]  # its stub does not say Exception
        raise ValueError(f"not gzip: {error}") from error


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of one length: what ISA-L makes depends on how it is fed."""
    pending = bytearray()
    for chunk in chunks:
        pending += chunk
        while len(pending) >= _BLOCK:
            yield bytes(pending[:_BLOCK])
            del pending[:_BLOCK]
    if pending:
        yield bytes(pending)


class Hasher:
    """SHA-256 in a thread of its own, which leaves the reader's core alone."""

    def __init__(self) -> None:
        self.size = 0
        self._hash = hashlib.sha256()
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._waiting: deque[Future[None]] = deque()

    def passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.size += len(chunk)
            self._waiting.append(self._thread.submit(self._hash.update, chunk))
            if len(self._waiting) > _WAITING:
                self._waiting.popleft().result()
            yield chunk

    def digest(self) -> str:
        """Of all that has passed."""
        while self._waiting:
            self._waiting.popleft().result()
        return f"sha256:{self._hash.hexdigest()}"

    def __enter__(self) -> Hasher:
        return self

    def close(self) -> None:
        self._thread.shutdown()

    def __exit__(self, *failure: object) -> None:
        self.close()
