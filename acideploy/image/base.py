"""The image below: read from any registry, and brought into the one that images are made in.

https://github.com/opencontainers/image-spec/blob/v1.1.0/image-index.md
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from acideploy.clock import Clock
from acideploy.config.problem import Place, Problem
from acideploy.errors import NotFoundError, RegistryError, UnsupportedError
from acideploy.events import Emit, Noticed
from acideploy.image import PLATFORM, Base
from acideploy.image.read import damage_told, parse_manifest, place_of, read_base, stored_blob
from acideploy.image.reference import ImageReference
from acideploy.registry import Artifact, Manifest, Registry
from acideploy.registry.descriptor import descriptor_from_json
from acideploy.registry.push import push

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)

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
    with damage_told(name):
        return _ensure(name, source, registry, clock, emit, importer)


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
        return read_base(name, manifest, registry=registry, repository=name.repository)
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
            read_base(name, manifest, registry=source, repository=name.repository)
            if importer:
                _import(importer, replace(name, digest=manifest.digest), repository, tag, known)
            # Of what was imported nothing is sent again, but for the manifest that the tag means.
            _bring(name, manifest, source, registry, repository, tag, clock, emit)
        known = manifest
    return read_base(name, known, registry=registry, repository=repository)


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
    described = parse_manifest(name, manifest)
    layers = described["layers"]
    blobs = [
        stored_blob(source, name.repository, layer, f"base image layer {number} of {len(layers)}")
        for number, layer in enumerate(map(descriptor_from_json, layers), 1)
    ]
    config = descriptor_from_json(described["config"])
    blobs.append(stored_blob(source, name.repository, config, "base image configuration"))
    artifact = Artifact(manifest=manifest, blobs=tuple(blobs))
    push(artifact, registry=registry, repository=repository, tag=tag, clock=clock, emit=emit)


def _out_of_reach(name: ImageReference, error: RegistryError) -> Problem:
    return Problem(
        code="base-image-not-refreshed",
        severity="warning",
        message=f"{error.message}; the base image that was taken last time is used",
        place=Place(file=str(name)),
    )
