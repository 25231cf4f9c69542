"""The image below: read from any registry, and brought into the one that images are made in.

https://github.com/opencontainers/image-spec/blob/v1.1.0/image-index.md, manifest.md and
https://distribution.github.io/distribution/spec/manifest-v2-2/ for Docker's older form.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from acideploy.clock import Clock
from acideploy.config.problem import Place, Problem
from acideploy.errors import NotFoundError, RegistryError, UnsupportedError
from acideploy.events import Emit, Noticed
from acideploy.image import PLATFORM, Base, Layer
from acideploy.image.compression import GZIP, TAR
from acideploy.image.reference import ImageReference
from acideploy.registry import Artifact, Blob, Manifest, Registry
from acideploy.registry.descriptor import Descriptor, descriptor_from_json
from acideploy.registry.push import push

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
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

# Has a registry fetch an image, with a digest, as a repository and a tag; whether it did.
Importer: TypeAlias = Callable[[ImageReference, str, str], bool]


def ensure_base(
    name: ImageReference,
    *,
    source: Registry,
    registry: Registry,
    clock: Clock,
    emit: Emit,
    importer: Importer | None = None,
) -> Base:
    """The base image, in `registry`: brought there from `source`, where it is not yet.

    `importer` may spare the layers the way through this machine. Where the source cannot be
    reached, the one that was brought earlier is taken, and that is said. Raises NotFoundError,
    UnsupportedError for an image of another platform, RegistryError.
    """
    try:
        return _ensure(name, source, registry, clock, emit, importer)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RegistryError(
            f"base image {name} cannot be read: its manifest or configuration is damaged",
            detail=str(error),
        ) from error


def place_of(name: ImageReference) -> tuple[str, str]:
    """The repository and the tag that a base image of another registry is brought to."""
    tag = name.digest.replace(":", "-") if name.digest else name.tag
    return f"bases/{name.host.replace(':', '-')}/{name.repository}", tag


def _ensure(
    name: ImageReference,
    source: Registry,
    registry: Registry,
    clock: Clock,
    emit: Emit,
    importer: Importer | None,
) -> Base:
    if source.location == registry.location:
        manifest = _find(name, source, name.reference)
        return _read_base(name, manifest, registry=registry, repository=name.repository)
    repository, tag = place_of(name)
    known = registry.find_manifest(repository, tag)
    if known is None or not name.digest:
        try:
            manifest = _find(name, source, name.reference)
        except RegistryError as error:
            if known is None:
                raise
            emit(Noticed(problem=_out_of_reach(name, error)))
            manifest = known
        if known is None or known.digest != manifest.digest:
            # What cannot be built on is not copied: the configuration tells before gigabytes do.
            _read_base(name, manifest, registry=source, repository=name.repository)
            if importer:
                _import(importer, replace(name, digest=manifest.digest), repository, tag, known)
            # Of what was imported nothing is sent again, but for the manifest that the tag means.
            _bring(name, manifest, source, registry, repository, tag, clock, emit)
        known = manifest
    return _read_base(name, known, registry=registry, repository=repository)


def _find(name: ImageReference, source: Registry, reference: str) -> Manifest:
    """The manifest for our platform."""
    found = source.find_manifest(name.repository, reference)
    if found is None:
        raise NotFoundError(
            f"there is no base image {name}", hint="check the name, and that you may pull it"
        )
    if found.media_type not in _INDEXES:
        return found
    operating_system, architecture = PLATFORM
    for entry in json.loads(found.content).get("manifests", ()):
        platform = entry.get("platform", {})
        if (platform.get("os"), platform.get("architecture")) == (operating_system, architecture):
            return _find(name, source, str(entry["digest"]))
    raise UnsupportedError(
        f"base image {name} is not there for {'/'.join(PLATFORM)}",
        hint="choose another: Azure Container Instances runs nothing else",
    )


def _import(
    importer: Importer, name: ImageReference, repository: str, tag: str, known: Manifest | None
) -> None:
    """Has the very manifest that was looked at imported, with all that it refers to."""
    # A tag that means another image is not written by an import.
    free = tag if known is None else place_of(name)[1]
    importer(name, repository, free)


def _bring(
    name: ImageReference,
    manifest: Manifest,
    source: Registry,
    registry: Registry,
    repository: str,
    tag: str,
    clock: Clock,
    emit: Emit,
) -> None:
    """Copies the image as it is."""
    described = _parsed(name, manifest)
    layers = described["layers"]
    blobs = [
        _blob(source, name.repository, layer, f"base image layer {number} of {len(layers)}")
        for number, layer in enumerate(map(descriptor_from_json, layers), 1)
    ]
    config = descriptor_from_json(described["config"])
    blobs.append(_blob(source, name.repository, config, "base image configuration"))
    artifact = Artifact(manifest=manifest, blobs=tuple(blobs))
    push(artifact, registry=registry, repository=repository, tag=tag, clock=clock, emit=emit)


def _read_base(
    name: ImageReference, manifest: Manifest, *, registry: Registry, repository: str
) -> Base:
    described = _parsed(name, manifest)
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
            blob=_blob(registry, repository, layer, f"base image layer {number}"),
            diff_id=diff_id,
            created_by=str(name),
        )
        for number, (layer, diff_id) in enumerate(
            zip(descriptors, config["rootfs"]["diff_ids"], strict=True), 1
        )
    )
    return Base(name=str(name), digest=manifest.digest, config=config, layers=layers)


def _parsed(name: ImageReference, manifest: Manifest) -> Mapping[str, Any]:
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


def _blob(registry: Registry, repository: str, blob: Descriptor, title: str) -> Blob:
    return Blob(
        descriptor=blob,
        title=title,
        chunks=lambda: registry.chunks(repository, blob),
        mount_from=(repository,),
    )


def _out_of_reach(name: ImageReference, error: RegistryError) -> Problem:
    return Problem(
        code="base-image-not-refreshed",
        severity="warning",
        message=f"{error.message}; the base image that was taken last time is used",
        place=Place(file=str(name)),
    )
