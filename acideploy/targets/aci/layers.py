"""The layers of the image that a deploy would make, as far as they are known before it is made."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence, Set
from contextlib import suppress
from pathlib import Path

from acideploy.config.problem import Problem
from acideploy.environment.base_image import BaseImage
from acideploy.errors import AcideployError, NotFoundError
from acideploy.events import Emit, Finished, Noticed, Started
from acideploy.image import PLATFORM, Compression, Layer
from acideploy.image.contents import code_layer, serving_layer
from acideploy.image.read import place_of
from acideploy.image.reference import ImageReference, parse_image_reference
from acideploy.models import Model
from acideploy.parts import Parts
from acideploy.plan import PlannedLayer, Wanted
from acideploy.registry import Manifest, Registry


def foreseen_layers(
    wanted: Wanted,
    *,
    parts: Parts,
    compression: Compression,
    repository: str,
    former: str | None,
    emit: Emit,
) -> tuple[PlannedLayer, ...]:
    """From the bottom. `repository` is the service's, `former` the digest of the image in it.

    Nothing is made, brought or pushed. Raises RegistryError, StorageError, NotFoundError.
    """
    assert wanted.base is not None
    present = parts.registry.find_manifest(repository, former) if former else None
    known = _digests(present)
    above = [
        serving_layer(mtime=parts.mtime, compression=compression),
        *(parts.store.layer(model) for model in wanted.models if model.is_here),
        code_layer(wanted.code, mtime=parts.mtime, compression=compression),
    ]
    return (
        *_base(wanted.base, parts, known),
        *_environment(wanted, parts, compression, known, emit),
        *(_brought(model) for model in wanted.models if not model.is_here),
        *plan_layers(above, known=known),
    )


def _brought(model: Model) -> PlannedLayer:
    title, source = f"model {model.id}", "the Azure ML workspace"
    return PlannedLayer(action="copy", title=title, size=model.size, source=source)


def known_size(wanted: Wanted, *, parts: Parts, compression: Compression) -> int:
    """The bytes of what is known of the image, as they are stored. Nothing is made or brought.

    Raises NotFoundError where there is no such base image, RegistryError, StorageError.
    """
    assert wanted.base is not None
    base = tuple(_base(wanted.base, parts, frozenset()))
    environment: Sequence[Layer] = ()
    if not wanted.base.has_packages:
        environment = parts.layers.find(wanted.environment, compression) or ()
    return (
        sum(layer.size or 0 for layer in base)
        + sum(layer.blob.descriptor.size for layer in environment)
        + sum(model.size for model in wanted.models)
        + sum(path.stat().st_size for _, path in wanted.code.files())
    )


def plan_layers(layers: Sequence[Layer], *, known: Set[str]) -> tuple[PlannedLayer, ...]:
    """How each layer of an image gets to its repository, which has the digests `known`."""
    return tuple(_planned(layer, known) for layer in layers)


def _planned(layer: Layer, known: Set[str]) -> PlannedLayer:
    title, size = layer.blob.title, layer.blob.descriptor.size
    if layer.blob.descriptor.digest in known:
        return PlannedLayer(action="reuse", title=title, size=size)
    if layer.blob.mount_from:
        source = layer.blob.mount_from[0]
        return PlannedLayer(action="mount", title=title, size=size, source=source)
    return PlannedLayer(action="push", title=title, size=size)


def _base(base: BaseImage, parts: Parts, known: Set[str]) -> Iterator[PlannedLayer]:
    """All of its layers as one. What is newer where it comes from, only the deploy finds out."""
    name = parse_image_reference(base.name)
    title = f"base image {name}"
    own = name.endpoint == parts.registry.location
    repository, tag = (name.repository, name.reference) if own else place_of(name)
    found = parts.registry.find_manifest(repository, tag)
    if found is None and base.dockerfile:
        yield PlannedLayer(action="make", title="base image by its Dockerfile", size=None)
        return
    if found is None:
        # A login of its own is for the deploy.
        size = None if base.username else _size_at_source(name, parts)
        yield PlannedLayer(action="copy", title=title, size=size, source=name.host)
        return
    layers = _layers(_of_platform(found, parts.registry, repository))
    if there := sum(size for digest, size in layers if digest in known):
        yield PlannedLayer(action="reuse", title=title, size=there)
    if more := sum(size for digest, size in layers if digest not in known):
        yield PlannedLayer(action="mount", title=title, size=more, source=repository)


def _size_at_source(name: ImageReference, parts: Parts) -> int:
    source = parts.open_registry(name.endpoint)
    found = source.find_manifest(name.repository, name.reference)
    if found is None:
        raise NotFoundError(
            f"there is no base image {name}", hint="check the name, and that you may pull it"
        )
    return sum(size for _, size in _layers(_of_platform(found, source, name.repository)))


def _of_platform(manifest: Manifest, registry: Registry, repository: str) -> Manifest | None:
    """The manifest itself, or of an index that of the platform that Azure runs."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        for each in json.loads(manifest.content).get("manifests", ()):
            if (each["platform"]["os"], each["platform"]["architecture"]) == PLATFORM:
                return registry.find_manifest(repository, str(each["digest"]))
    return manifest


def _environment(
    wanted: Wanted, parts: Parts, compression: Compression, known: Set[str], emit: Emit
) -> tuple[PlannedLayer, ...]:
    assert wanted.base is not None
    if wanted.base.has_packages:
        return ()
    if found := parts.layers.find(wanted.environment, compression):
        return plan_layers(found, known=known)
    size = _packed_size(wanted, emit)
    return (PlannedLayer(action="make", title=wanted.environment.title, size=size),)


def _packed_size(wanted: Wanted, emit: Emit) -> int | None:
    """Bytes of the package files that would be installed; None where that cannot be found out."""
    # What a plan of a known environment needs none of.
    from acideploy.environment.platforms import IMAGE
    from acideploy.environment.solve import solve

    task, request = "environment", wanted.environment
    emit(Started(task=task, title=f"E{request.title[1:]}"))
    try:
        with tempfile.TemporaryDirectory() as scratch:
            lock = solve(request, platform=IMAGE, scratch=Path(scratch), explain=False)
    except AcideployError as error:
        # The rest of the plan holds: there may just be no network.
        emit(Finished(task=task, outcome="failed"))
        emit(Noticed(problem=_refused(error)))
        return None
    count = len(lock.conda) + len(lock.pip)
    emit(Finished(task=task, outcome="done", detail=f"{count} packages are needed"))
    return sum(each.size for each in lock.conda) + sum(each.size for each in lock.pip)


def _refused(error: AcideployError) -> Problem:
    return Problem(
        code="environment-refused",
        severity="warning",
        message=f"a deploy would fail now: {error.message}",
        place=error.place,
        hint=error.hint,
    )


def _layers(manifest: Manifest | None) -> list[tuple[str, int]]:
    """Digest and size of each layer, as far as the manifest can be read."""
    try:
        written = json.loads(manifest.content)["layers"] if manifest else []
        return [(str(each["digest"]), int(each["size"])) for each in written]
    except (ValueError, KeyError, TypeError):
        return []


def _digests(manifest: Manifest | None) -> frozenset[str]:
    return frozenset(digest for digest, _ in _layers(manifest))
