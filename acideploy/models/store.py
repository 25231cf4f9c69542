"""The model store of the local workspace: an OCI image layout directory.

A registration claims its version first, because the version is part of the paths in its layer.
The claim is the running upload itself: it ends with the process, so a registration that fails or
is killed leaves nothing, and its number is free again unless a higher one was finished meanwhile.
The number of a finished registration is never given again, not even after it was deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from acideploy.clock import Clock
from acideploy.errors import StorageError
from acideploy.events import Emit, ignore
from acideploy.image import Compression, Layer
from acideploy.image.compression import Packing
from acideploy.image.layer import layer_chunks
from acideploy.models import Model, ModelChanges, ModelDraft, ModelReference, check_name
from acideploy.models.artifact import (
    ARTIFACT_TYPE,
    CONFIG,
    describe_model,
    image_layer,
    make_config,
    make_manifest,
    read_manifest,
)
from acideploy.models.changes import change_model
from acideploy.models.layer import folder_of, layer_entries
from acideploy.models.layout_claims import claim, claim_next
from acideploy.models.lookup import (
    all_models,
    find_version,
    note_deleted,
    note_version,
    versions_of,
)
from acideploy.models.names import from_reference, to_reference
from acideploy.models.room import check_room
from acideploy.models.tree import scan
from acideploy.models.unpack import unpack_model
from acideploy.progress import progress
from acideploy.registry import Blob
from acideploy.registry.descriptor import MANIFEST, Descriptor, Index
from acideploy.registry.directory import DirectoryRegistry
from acideploy.registry.layout import ImageLayout
from acideploy.registry.upload import Upload

T = TypeVar("T")


class LayoutModelStore:
    """The models in the layout `directory`. `mtime` is that of the files in layers."""

    def __init__(self, directory: Path, *, clock: Clock, mtime: int = 0) -> None:
        self._layout = ImageLayout(directory, clock=clock)
        self._registry = DirectoryRegistry(self._layout)
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

        Raises StorageError where a file cannot be read or kept, and leaves nothing behind then.
        """
        check_name(draft.name)
        tree = scan(path)
        check_room(self._layout.directory, path, size=tree.size)
        version, upload = claim_next(self._layout, draft.name)
        entries = layer_entries(tree, folder=folder_of(draft.name, version))
        task, title = f"register {draft.name}:{version}", f"Model {draft.name}:{version}"
        with (
            upload,
            progress(task, title, total=tree.size, clock=self._clock, emit=emit) as advance,
        ):
            packing = Packing(lambda: layer_chunks(entries, mtime=self._mtime), compression)
            for chunk in packing.chunks(advance):
                upload.write(chunk)
            upload.flush()
            model = describe_model(
                draft,
                version=version,
                tree=tree,
                layer=packing.descriptor,
                diff_id=packing.measured.diff_id,
                created=self._clock.now(),
            )
            return self._publish(model, upload)

    def add(self, model: Model, layer: Blob, *, emit: Emit = ignore) -> Model:
        """Keeps the model of another store, under its own version; `layer` gives its bytes.

        Raises ConflictError where that version is, or was, another model here.
        """
        index = self._layout.index()
        known = versions_of(index, model.name).get(model.version)
        if known and self._read(known).layer_digest == model.layer_digest:
            return self._read(known)
        upload = claim(self._layout, model.name, model.version)
        size = model.layer.size
        task, title = f"copy {model.id}", f"Model {model.id}"
        with (
            upload,
            progress(task, title, total=size, clock=self._clock, emit=emit) as advance,
        ):
            for chunk in layer.chunks():
                upload.write(chunk)
                advance(len(chunk))
            if upload.digest != model.layer_digest:
                raise StorageError(
                    f"the layer of model {model.id} is damaged where it was copied from",
                    hint="run this again",
                )
            upload.flush()
            return self._publish(model, upload)

    def find(self, reference: ModelReference) -> Model:
        """Raises NotFoundError, which names what does exist."""
        return self._look(lambda index: self._read(find_version(index, reference)[1]))

    def list(self, name: str | None = None) -> tuple[Model, ...]:
        """Every version, by name and then newest first."""
        return self._look(lambda index: self._read_all(index, name))

    def update(self, reference: ModelReference, changes: ModelChanges) -> Model:
        """Raises ConflictError where a property would change."""
        with self._layout.locked():
            _, manifest = find_version(self._layout.index(), reference)
            model = change_model(self._read(manifest), changes)
            outdated = self._layout.references(manifest)
            model = self._write_manifest(model)
            self._layout.collect(outdated)
            return model

    def delete(self, reference: ModelReference) -> None:
        """Deletes a version for good, even a damaged one. Raises NotFoundError."""
        with self._layout.locked():
            index = self._layout.index()
            version, manifest = find_version(index, reference)
            discarded = self._layout.references(manifest)
            remaining = index.without(to_reference(reference.name, version))
            self._layout.write_index(note_deleted(remaining, reference.name, version))
            self._layout.collect(discarded)

    def unpack(
        self, model: Model, directory: Path, *, overwrite: bool = False, emit: Emit = ignore
    ) -> Path:
        """Writes the registered file or folder into `directory`; returns its path there.

        Raises ConflictError where it is there already, unless `overwrite`.
        """
        self._look(lambda index: self._require(index, model))
        return unpack_model(
            model,
            self._registry.chunks("", model.layer),
            directory,
            overwrite=overwrite,
            clock=self._clock,
            emit=emit,
        )

    def layer(self, model: Model) -> Layer:
        """The model's layer, for an image."""
        layer = image_layer(model)
        blob = Blob(
            descriptor=layer,
            title=f"model {model.id}",
            chunks=lambda: self._registry.chunks("", layer),
        )
        return Layer(blob=blob, diff_id=model.diff_id, created_by=f"model {model.id}")

    def _publish(self, model: Model, upload: Upload) -> Model:
        with self._layout.locked():
            try:
                self._layout.keep(upload, model.layer.media_type)
                return self._write_manifest(model)
            except BaseException:
                self._layout.collect({upload.digest})
                raise

    def _write_manifest(self, model: Model) -> Model:
        """Makes `model` what its name and version mean. Needs the lock."""
        config = self._layout.add_blob(make_config(model), CONFIG)
        content = make_manifest(model, config=config)
        manifest = self._layout.add_blob(content, MANIFEST, artifact_type=ARTIFACT_TYPE)
        index = note_version(self._layout.index(), model.name, model.version)
        reference = to_reference(model.name, model.version)
        self._layout.write_index(index.with_manifest(manifest, reference=reference))
        return replace(model, digest=manifest.digest)

    def _look(self, find: Callable[[Index], T]) -> T:
        """What `find` finds; looks again if the blobs went while the index was being read."""
        while True:
            index = self._layout.index()
            try:
                return find(index)
            except StorageError:
                if self._layout.index() == index:
                    raise

    def _require(self, index: Index, model: Model) -> None:
        """Raises NotFoundError, or StorageError where the layer is missing."""
        find_version(index, ModelReference(name=model.name, version=model.version))
        self._layout.require_blob(model.layer)

    def _read_all(self, index: Index, name: str | None) -> tuple[Model, ...]:
        manifests = all_models(index)
        wanted = [key for key in manifests if name in (None, key[0])]
        wanted.sort(key=lambda key: (key[0].lower(), key[0], -key[1]))
        return tuple(self._read(manifests[key]) for key in wanted)

    def _read(self, manifest: Descriptor) -> Model:
        """Raises StorageError, which names the model, where its manifest cannot be read."""
        name, version = from_reference(manifest.reference) or ("", 0)
        try:
            model = read_manifest(self._layout.read_blob(manifest), digest=manifest.digest)
            if (name, version) != (model.name, model.version):
                raise ValueError(f"it was registered as {model.id}")
        except (ValueError, StorageError) as error:
            raise StorageError(
                f"model {name}:{version} cannot be read: {error}",
                hint=f"acideploy model delete -i {name}:{version}",
            ) from error
        return model
