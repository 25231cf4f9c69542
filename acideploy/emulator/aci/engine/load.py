"""Images for engines that do not reach the emulator's registries: those in a virtual machine."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from typing import Any

from acideploy.emulator.aci.engine.reference import Reference
from acideploy.emulator.aci.engine.registry import Registry
from acideploy.emulator.aci.runtime import ImageError

_CHUNK = 1 << 20


def archive(
    registry: Registry, image: Reference, *, architecture: str, name: str
) -> Iterator[bytes]:
    """What `docker save` would have written of an image, while it is read from its registry.

    `name` is the tag that the engine gives to it. Raises ImageError.
    """
    manifest = _manifest(registry, image, architecture)
    config, layers = manifest["config"], manifest["layers"]
    described = {
        "Config": _file(config),
        "RepoTags": [name],
        "Layers": [_file(layer) for layer in layers],
    }
    written = json.dumps([described]).encode()
    yield from _member("manifest.json", len(written), iter([written]))
    # A layer may be there twice.
    for blob in {each["digest"]: each for each in (config, *layers)}.values():
        chunks = _chunks(registry, image.repository, blob["digest"])
        yield from _member(_file(blob), int(blob["size"]), chunks)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _manifest(registry: Registry, image: Reference, architecture: str) -> Any:
    manifest = registry.manifest(image.repository, image.version)
    if "manifests" not in manifest:
        return manifest
    for each in manifest["manifests"]:
        platform = each.get("platform", {})
        if (platform.get("os"), platform.get("architecture")) == ("linux", architecture):
            return registry.manifest(image.repository, each["digest"])
    raise ImageError(f"{image.repository} has no image for linux/{architecture}")


def _chunks(registry: Registry, repository: str, digest: str) -> Iterator[bytes]:
    with registry.blob(repository, digest) as answer:
        while chunk := answer.read(_CHUNK):
            yield chunk


def _member(name: str, size: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    member = tarfile.TarInfo(name)
    member.size = size
    yield member.tobuf()
    yield from chunks
    yield bytes(-size % tarfile.BLOCKSIZE)


def _file(descriptor: Any) -> str:
    return str(descriptor["digest"]).partition(":")[2]
