"""The model store of a registry: one repository for each model, one tag for each version."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from acideploy.clock import Clock
from acideploy.errors import ConflictError, StorageError
from acideploy.events import Emit, ignore
from acideploy.image import Compression, Layer
from acideploy.image.compression import Packing
from acideploy.image.layer import layer_chunks, layer_size
from acideploy.models import Model, ModelChanges, ModelDraft, ModelReference, check_name
from acideploy.models.artifact import (
    CONFIG,
    describe_model,
    image_layer,
    make_config,
    make_manifest,
    read_manifest,
)
from acideploy.models.changes import change_model
from acideploy.models.claims import Claims, TaggedRegistry
from acideploy.models.layer import folder_of, layer_entries
from acideploy.models.lookup import not_found
from acideploy.models.repositories import MODELS, repository_of
from acideploy.models.tree import scan
from acideploy.models.unpack import unpack_model
from acideploy.progress import Advance, progress
from acideploy.registry import Artifact, Blob, Manifest, Unmeasured
from acideploy.registry.descriptor import MANIFEST, Descriptor, describe, digest_to_hex
from acideploy.registry.push import push

# Manifests that are read at the same time.
_AT_ONCE = 8


class ModelRegistry(TaggedRegistry, Protocol):
    def repositories(self, prefix: str) -> tuple[str, ...]:
        """The repositories whose names begin with `prefix`."""

    def push_new(
        self, repository: str, blob: Unmeasured, *, title: str, advance: Advance
    ) -> Descriptor:
        """Sends a blob while it is measured; `advance` counts its bytes."""

    def set_locked(self, repository: str, tag: str, *, locked: bool) -> bool:
        """Forbids, or allows, that a tag is written or deleted; whether the registry could."""

    def delete_manifest(self, repository: str, digest: str) -> None:
        """Deletes a manifest and every tag that means it."""


class RegistryModelStore:
    """The models in `registry`. `mtime` is that of files in layers. All may raise RegistryError."""

    def __init__(self, registry: ModelRegistry, *, clock: Clock, mtime: int = 0) -> None:
        self._registry = registry
        self._clock = clock
        self._mtime = mtime

    def register(
        self,
        path: Path,
        draft: ModelDraft,
        *,
        compression: Compression = "none",
        emit: Emit = ignore,
    ) -> Model:
        """Stores the file or folder as the next version of `draft.name`.

        Raises StorageError where a file cannot be read. What fails costs a version number.
        """
        check_name(draft.name)
        tree = scan(path)
        version = Claims(draft.name, registry=self._registry, clock=self._clock).claim_next()
        entries = layer_entries(tree, folder=folder_of(draft.name, version))
        size = layer_size(entries, mtime=self._mtime)
        layer = Packing(lambda: layer_chunks(entries, mtime=self._mtime), compression, size=size)
        named = f"{draft.name}:{version}"
        with progress(
            f"register {named}", f"Model {named}", total=size, clock=self._clock, emit=emit
        ) as advance:
            # Nobody has it: the version is in its paths. So it is sent before its digest is known.
            sent = self._registry.push_new(
                repository_of(draft.name), layer, title=f"model {named}", advance=advance
            )
        model = describe_model(
            draft,
            version=version,
            tree=tree,
            layer=sent,
            diff_id=layer.measured.diff_id,
            created=self._clock.now(),
        )
        return self._publish(model, (), emit)

    def add(self, model: Model, layer: Blob, *, emit: Emit = ignore) -> Model:
        """The model of another store, under its own version; `layer` gives its bytes.

        Raises ConflictError where that version is another model here.
        """
        known = self._find(model.name, model.version)
        if known and known.layer_digest == model.layer_digest:
            return known
        Claims(
            model.name,
            registry=self._registry,
            clock=self._clock,
            claimant=digest_to_hex(model.layer_digest)[:16],
        ).claim(model.version)
        return self._publish(model, (layer,), emit)

    def find(self, reference: ModelReference) -> Model:
        """Raises NotFoundError, which names what does exist."""
        version = reference.version or max(self._versions(reference.name), default=0)
        if version and (model := self._find(reference.name, version)):
            return model
        versions = self._versions(reference.name)
        names = () if versions else {model.name for model in self._newest_of_each()}
        raise not_found(reference, sorted(versions), sorted(names))

    def list(self, name: str | None = None) -> tuple[Model, ...]:
        """Every version, by name and then newest first."""
        repositories = [repository_of(name)] if name else self._registry.repositories(MODELS)
        places = [
            (repository, tag)
            for repository in repositories
            for tag in map(str, _versions(self._registry.tags(repository)))
        ]
        models = self._read_all(places)
        return tuple(sorted(models, key=lambda each: (each.name.lower(), each.name, -each.version)))

    def update(self, reference: ModelReference, changes: ModelChanges) -> Model:
        """Raises ConflictError where a property would change.

        Of two updates of one model in the same moment, one may be lost: the content of the model
        is the same in both.
        """
        model = change_model(self.find(reference), changes)
        self._registry.set_locked(repository_of(model.name), str(model.version), locked=False)
        return self._publish(model, (self.layer(model).blob,), ignore)

    def delete(self, reference: ModelReference) -> None:
        """Deletes a version for good. Raises NotFoundError."""
        model = self.find(reference)
        repository = repository_of(model.name)
        self._registry.set_locked(repository, str(model.version), locked=False)
        self._registry.delete_manifest(repository, model.digest)

    def unpack(
        self, model: Model, directory: Path, *, overwrite: bool = False, emit: Emit = ignore
    ) -> Path:
        """Writes the registered file or folder into `directory`; returns its path there.

        Raises ConflictError where it is there already, unless `overwrite`.
        """
        return unpack_model(
            model,
            self._registry.chunks(repository_of(model.name), model.layer),
            directory,
            overwrite=overwrite,
            clock=self._clock,
            emit=emit,
        )

    def layer(self, model: Model) -> Layer:
        """The model's layer, which an image in this registry mounts."""
        repository, layer = repository_of(model.name), image_layer(model)
        blob = Blob(
            descriptor=layer,
            title=f"model {model.id}",
            chunks=lambda: self._registry.chunks(repository, layer),
            mount_from=(repository,),
        )
        return Layer(blob=blob, diff_id=model.diff_id, created_by=f"model {model.id}")

    def _publish(self, model: Model, layers: tuple[Blob, ...], emit: Emit) -> Model:
        """Makes `model` what its name and version mean, for good; `layers` is what it may lack."""
        repository, tag = repository_of(model.name), str(model.version)
        artifact = _artifact(model, layers)
        push(
            artifact,
            registry=self._registry,
            repository=repository,
            tag=tag,
            clock=self._clock,
            emit=emit,
        )
        self._registry.set_locked(repository, tag, locked=True)
        found = self._registry.find_manifest(repository, tag)
        if found is None or found.digest != artifact.manifest.digest:
            raise ConflictError(
                f"{model.id} was written by somebody else at the same moment "
                f"in {self._registry.location}",
                hint=f"acideploy model show -i {model.id}, and run this again",
            )
        return replace(model, digest=artifact.manifest.digest)

    def _versions(self, name: str) -> set[int]:
        return _versions(self._registry.tags(repository_of(name)))

    def _find(self, name: str, version: int) -> Model | None:
        manifest = self._registry.find_manifest(repository_of(name), str(version))
        return _read(manifest, f"{name}:{version}") if manifest else None

    def _newest_of_each(self) -> tuple[Model, ...]:
        repositories = self._registry.repositories(MODELS)
        tags = {each: _versions(self._registry.tags(each)) for each in repositories}
        return self._read_all([(each, str(max(found))) for each, found in tags.items() if found])

    def _read_all(self, places: Sequence[tuple[str, str]]) -> tuple[Model, ...]:
        """The models of repositories and tags; what was deleted meanwhile is left out."""

        def read(place: tuple[str, str]) -> Model | None:
            manifest = self._registry.find_manifest(*place)
            return _read(manifest, ":".join(place)) if manifest else None

        with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
            return tuple(model for model in threads.map(read, places) if model)


def _versions(tags: Sequence[str]) -> set[int]:
    return {int(tag) for tag in tags if tag.isdecimal() and tag.isascii() and tag[0] != "0"}


def _artifact(model: Model, layers: tuple[Blob, ...]) -> Artifact:
    content = make_config(model)
    config: Descriptor = describe(content, CONFIG)
    manifest = Manifest(content=make_manifest(model, config=config), media_type=MANIFEST)
    described = Blob(
        descriptor=config, title=f"description of {model.id}", chunks=lambda: iter([content])
    )
    return Artifact(manifest=manifest, blobs=(*layers, described))


def _read(manifest: Manifest, named: str) -> Model:
    try:
        return read_manifest(manifest.content, digest=manifest.digest)
    except ValueError as error:
        raise StorageError(
            f"model {named} cannot be read: {error}",
            hint="it was not registered by acideploy, or by a later version",
        ) from error
