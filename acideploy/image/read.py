"""A base image that is in a registry, read as what images are made on.

https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md and
https://distribution.github.io/distribution/spec/manifest-v2-2/ for Docker's older form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from acideploy.errors import RegistryError, UnsupportedError
from acideploy.image import PLATFORM, Base, Layer
from acideploy.image.compression import GZIP, TAR
from acideploy.image.reference import ImageReference
from acideploy.registry import Blob, Manifest, Registry
from acideploy.registry.descriptor import Descriptor, descriptor_from_json

_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
# The same bytes, by the names of both specifications.
_LAYERS = {
    TAR: TAR,
    GZIP: GZIP,
    "application/vnd.oci.image.layer.v1.tar+zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar": TAR,
    "application/vnd.docker.image.rootfs.diff.tar.gzip": GZIP,
}
# A configuration is some kilobytes.
_LARGEST_CONFIG = 8 << 20


def place_of(name: ImageReference) -> tuple[str, str]:
    """The repository and the tag that a base image of another registry is brought to."""
    tag = name.digest.replace(":", "-") if name.digest else name.tag
    return f"bases/{name.host.replace(':', '-')}/{name.repository}", tag


def find_base(name: ImageReference, *, registry: Registry) -> Base | None:
    """What is in `registry` in the place of a base image; None where there is nothing yet."""
    repository, tag = place_of(name)
    manifest = registry.find_manifest(repository, tag)
    if manifest is None:
        return None
    with damage_told(name):
        return read_base(name, manifest, registry=registry, repository=repository)


@contextmanager
def damage_told(name: ImageReference) -> Iterator[None]:
    """Raises RegistryError for what reading a damaged manifest or configuration raises."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RegistryError(
            f"base image {name} cannot be read: its manifest or configuration is damaged",
            detail=str(error),
        ) from error


def read_base(
    name: ImageReference, manifest: Manifest, *, registry: Registry, repository: str
) -> Base:
    """The image of a manifest in a repository. Raises UnsupportedError, and see `damage_told`."""
    described = parse_manifest(name, manifest)
    config = _read_config(registry, repository, descriptor_from_json(described["config"]))
    found = (config.get("os"), config.get("architecture"))
    if found != PLATFORM:
        raise UnsupportedError(
            f"base image {name} is for {'/'.join(map(str, found))}, not {'/'.join(PLATFORM)}",
            hint="choose another: Azure Container Instances runs nothing else",
        )
    descriptors = [_as_oci(name, descriptor_from_json(each)) for each in described["layers"]]
    layers = tuple(
        Layer(
            blob=stored_blob(registry, repository, layer, f"base image layer {number}"),
            diff_id=diff_id,
            created_by=str(name),
        )
        for number, (layer, diff_id) in enumerate(
            zip(descriptors, config["rootfs"]["diff_ids"], strict=True), 1
        )
    )
    return Base(name=str(name), digest=manifest.digest, config=config, layers=layers)


def parse_manifest(name: ImageReference, manifest: Manifest) -> Mapping[str, Any]:
    """The fields of an image's manifest. Raises UnsupportedError for another one."""
    if manifest.media_type not in _MANIFESTS:
        raise UnsupportedError(
            f"base image {name} has a manifest of type {manifest.media_type}",
            hint="push it again with a present-day tool: the old schema 1 cannot be built on",
        )
    parsed: Mapping[str, Any] = json.loads(manifest.content)
    return parsed


def _read_config(registry: Registry, repository: str, blob: Descriptor) -> Mapping[str, Any]:
    if blob.size > _LARGEST_CONFIG:
        raise UnsupportedError(f"the base image's configuration has {blob.size:,} bytes")
    return _checked(json.loads(b"".join(registry.chunks(repository, blob))))


def _checked(config: Any) -> Mapping[str, Any]:
    """The configuration. Raises ValueError where what is taken from it is of another kind.

    https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md#properties
    """
    run = config.get("config") or {}
    kinds = {
        "config": isinstance(run, dict),
        "Env": _are(str, run.get("Env") or []),
        "Labels": _are(str, list((run.get("Labels") or {}).values())),
        "history": _are(dict, config.get("history") or []),
        "diff_ids": _are(str, config["rootfs"]["diff_ids"]),
    }
    if wrong := [name for name, right in kinds.items() if not right]:
        raise ValueError(f"its {wrong[0]} is not what the specification says")
    return dict(config)


def _are(kind: type, found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(each, kind) for each in found)


def _as_oci(name: ImageReference, layer: Descriptor) -> Descriptor:
    if layer.media_type not in _LAYERS:
        raise UnsupportedError(
            f"base image {name} has a layer of type {layer.media_type}",
            hint="choose a Linux image whose layers are all in its registry",
        )
    return Descriptor(media_type=_LAYERS[layer.media_type], digest=layer.digest, size=layer.size)


def stored_blob(registry: Registry, repository: str, blob: Descriptor, title: str) -> Blob:
    """A blob of a repository, which other repositories of the registry may mount."""
    return Blob(
        descriptor=blob,
        title=title,
        chunks=lambda: registry.chunks(repository, blob),
        mount_from=(repository,),
    )
