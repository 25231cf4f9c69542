"""An image as one tar file, of the form that `docker save` writes and `docker load` reads.

https://github.com/moby/docker-image-spec/blob/v1.3.1/spec.md#combined-image-json--filesystem-changeset-format
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

from acideploy.image import Image
from acideploy.registry.descriptor import digest_to_hex

_BLOCK = 512
# Two empty blocks end a tar file.
_END = bytes(2 * _BLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    name: str
    size: int
    chunks: Callable[[], Iterator[bytes]]


def docker_archive(image: Image, *, tag: str, without: Set[str] = frozenset()) -> Iterator[bytes]:
    """The bytes of the archive, in which `tag` names the image. Never holds a layer in memory.

    Leaves out the files of the layers whose diff_ids are in `without`: an engine that has a layer
    already does not look for its file. Layers are in it as they are stored, gzip or not, which
    engines tell by themselves.
    """
    for member in _members(image, tag=tag, without=without):
        yield _header(member)
        yield from member.chunks()
        yield bytes(-member.size % _BLOCK)
    yield _END


def archive_size(image: Image, *, tag: str, without: Set[str] = frozenset()) -> int:
    """The number of bytes that `docker_archive` gives."""
    members = _members(image, tag=tag, without=without)
    return len(_END) + sum(len(_header(each)) + _padded(each.size) for each in members)


def _members(image: Image, *, tag: str, without: Set[str]) -> Iterator[_Member]:
    """`manifest.json` comes first: a reader of a stream knows what to expect then."""
    config = f"{digest_to_hex(image.id)}.json"
    layers = [f"{digest_to_hex(layer.diff_id)}.tar" for layer in image.layers]
    listed = [{"Config": config, "RepoTags": [tag], "Layers": layers}]
    manifest = json.dumps(listed, separators=(",", ":")).encode()
    yield _Member(name="manifest.json", size=len(manifest), chunks=lambda: iter([manifest]))
    yield _Member(name=config, size=image.config.descriptor.size, chunks=image.config.chunks)
    # A layer may be in an image twice, an empty one for instance; its file is not.
    present = set(without)
    for layer, name in zip(image.layers, layers, strict=True):
        if layer.diff_id not in present:
            present.add(layer.diff_id)
            blob = layer.blob
            yield _Member(name=name, size=blob.descriptor.size, chunks=blob.chunks)


def _header(member: _Member) -> bytes:
    """PAX, where a size is beyond the 8 GiB that the older form can tell."""
    entry = tarfile.TarInfo(member.name)
    entry.size = member.size
    return entry.tobuf(tarfile.PAX_FORMAT)


def _padded(size: int) -> int:
    return size + -size % _BLOCK
