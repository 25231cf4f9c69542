"""An image that an engine made and saved, as one that a registry takes; see archive.py."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

from acideploy.image.compose import CONFIG
from acideploy.image.compression import GZIP, TAR, measure
from acideploy.registry import Artifact, Blob, Manifest
from acideploy.registry.descriptor import (
    MANIFEST,
    Descriptor,
    describe,
    descriptor_to_json,
    to_json,
)

_CHUNK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"


def read_docker_archive(archive: Path) -> Artifact:
    """The one image of a file that `docker save` wrote, which has to stay until it is pushed.

    Raises ValueError, KeyError, TypeError, OSError and TarError for anything else.
    """
    [listed] = json.loads(b"".join(_chunks(archive, "manifest.json")))
    content = b"".join(_chunks(archive, listed["Config"]))
    config = Blob(
        descriptor=describe(content, CONFIG),
        title="base image configuration",
        chunks=lambda: iter([content]),
    )
    names = listed["Layers"]
    layers = [
        _layer(archive, name, f"base image layer {number} of {len(names)}")
        for number, name in enumerate(names, 1)
    ]
    fields = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor_to_json(config.descriptor),
        "layers": [descriptor_to_json(layer.descriptor) for layer in layers],
    }
    manifest = Manifest(content=to_json(fields), media_type=MANIFEST)
    return Artifact(manifest=manifest, blobs=(*layers, config))


def _layer(archive: Path, name: str, title: str) -> Blob:
    """Engines save some layers as they are, and some as they were pulled."""
    beginning = next(_chunks(archive, name), b"")
    measured = measure(_chunks(archive, name), "none")
    descriptor = Descriptor(
        media_type=GZIP if beginning.startswith(_GZIP_MAGIC) else TAR,
        digest=measured.digest,
        size=measured.size,
    )
    return Blob(descriptor=descriptor, title=title, chunks=lambda: _chunks(archive, name))


def _chunks(archive: Path, name: str) -> Iterator[bytes]:
    with tarfile.open(archive, "r:") as members:
        # Follows links: a layer that is there twice is a file once.
        content = members.extractfile(name)
        if content is None:
            raise ValueError(f"{name} is no file")
        while chunk := content.read(_CHUNK):
            yield chunk
