"""What a layer becomes on its way: measured, compressed the same every time, and back again."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acideploy.image import Compression
from acideploy.image.compression import GZIP, TAR, Packing, compressed, decompressed, made_layer
from acideploy.image.compression import measure as measured

BOTH = pytest.mark.parametrize("compression", ["none", "gzip"])
CONTENT = (b"0123456789" * 200_000) + os.urandom(1_000_000)


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


@BOTH
def test_a_layer_is_what_its_descriptor_says(compression: Compression) -> None:
    layer = made_layer(
        lambda: cut(CONTENT, 100_000), title="t", created_by="c", compression=compression
    )
    stored = b"".join(layer.blob.chunks())
    descriptor = layer.blob.descriptor
    assert (descriptor.digest, descriptor.size) == (sha256(stored), len(stored))
    assert layer.diff_id == sha256(CONTENT)
    assert descriptor.media_type == (TAR if compression == "none" else GZIP)
    assert b"".join(layer.blob.chunks()) == stored


def test_anybody_can_decompress_it() -> None:
    stored = b"".join(compressed([CONTENT], "gzip"))
    assert gzip.decompress(stored) == CONTENT
    assert len(stored) < len(CONTENT)


def test_nothing_in_it_tells_of_a_time_or_a_name() -> None:
    head = b"".join(compressed([CONTENT], "gzip"))[:10]
    assert head[:3] == b"\x1f\x8b\x08"
    assert head[3] == 0
    assert head[4:8] == bytes(4)


@pytest.mark.parametrize("size", [1, 1000, 65_536, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 10**9])
def test_how_it_is_fed_does_not_matter(size: int) -> None:
    content = CONTENT if size > 100 else CONTENT[:300_000]
    expected = b"".join(compressed([content], "gzip"))
    assert b"".join(compressed(cut(content, size), "gzip")) == expected


@BOTH
@given(parts=st.lists(st.binary(max_size=2000), max_size=8))
def test_anything_comes_back_as_it_was(compression: Compression, parts: list[bytes]) -> None:
    stored = list(compressed(parts, compression))
    media_type = TAR if compression == "none" else GZIP
    assert b"".join(decompressed(stored, media_type)) == b"".join(parts)
    found = measured(parts, compression)
    assert found.digest == sha256(b"".join(stored))
    assert found.size == len(b"".join(stored))
    assert found.diff_id == sha256(b"".join(parts))


@BOTH
def test_packing_measures_while_it_is_read(compression: Compression) -> None:
    counted: list[int] = []
    packing = Packing(lambda: cut(CONTENT, 100_000), compression)
    for _ in range(2):
        counted.clear()
        stored = b"".join(packing.chunks(counted.append))
        assert packing.measured.diff_id == sha256(CONTENT)
        assert packing.descriptor.digest == sha256(stored)
        assert packing.descriptor.size == len(stored)
    assert stored == b"".join(compressed([CONTENT], compression))
    assert sum(counted) == len(CONTENT)


@pytest.mark.parametrize("content", [b"not gzip at all", b"\x1f\x8b\x08\x00 damaged" * 20])
def test_what_is_not_gzip_is_told(content: bytes) -> None:
    with pytest.raises(ValueError, match="not gzip"):
        list(decompressed([content], GZIP))


def test_a_failure_of_the_source_is_the_failure_of_the_layer() -> None:
    def broken() -> Iterator[bytes]:
        yield b"x"
        raise OSError("gone")

    for compression in ("none", "gzip"):
        with pytest.raises(OSError, match="gone"):
            measured(broken(), "gzip" if compression == "gzip" else "none")
