"""The model store of the local workspace: an OCI image layout directory.

A registration claims its version first, because the version is part of the paths in its layer.
The claim is the running upload itself: it ends with the process, so a registration that fails or
is killed leaves nothing, and its number is free again unless a higher one was finished meanwhile.
The number of a finished registration is never given again, not even after it was deleted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from acideploy.clock import Clock
from acideploy.disk import shown, storage_error
from acideploy.errors import BusyError, StorageError
from acideploy.events import Emit, ignore
from acideploy.lock import lock
from acideploy.models import Model, ModelChanges, ModelDraft, ModelReference, check_name
from acideploy.models.artifact import (
    ARTIFACT_TYPE,
    CONFIG,
    LAYER,
    make_config,
    make_manifest,
    name_layer,
    read_layer,
    read_manifest,
)
from acideploy.models.changes import change_model
from acideploy.models.layer import folder_of, write_layer
from acideploy.models.lookup import all_models, find_version, last_version, note_version
from acideploy.models.names import from_reference, to_reference
from acideploy.models.room import check_room
from acideploy.models.tree import Tree, scan
from acideploy.models.unpack import unpack_layer
from acideploy.progress import Advance, progress
from acideploy.registry.blob import BlobReader
from acideploy.registry.descriptor import MANIFEST, Descriptor, Index
from acideploy.registry.layout import ImageLayout
from acideploy.registry.upload import Upload

T = TypeVar("T")

# Another command may be writing a large model to the same folder.
_WAIT_FOR_UNPACKING = 600.0


class LayoutModelStore:
    """The models in the layout `directory`. `mtime` is that of the files in layers."""

    def __init__(self, directory: Path, *, clock: Clock, mtime: int = 0) -> None:
        self._layout = ImageLayout(directory, clock=clock)
        self._clock = clock
        self._mtime = mtime

    def register(self, path: Path, draft: ModelDraft, *, emit: Emit = ignore) -> Model:
        """Stores the file or folder as the next version of `draft.name`.

        Raises StorageError where a file cannot be read or kept, and leaves nothing behind then.
        """
        check_name(draft.name)
        tree = scan(path)
        check_room(self._layout.directory, path, size=tree.size)
        version, upload = self._claim(draft.name)
        with upload, self._progress("register", draft.name, version, tree.size, emit) as advance:
            self._write_layer(tree, draft.name, version, upload, advance)
            return self._publish(_describe(tree, draft, version, upload, self._clock), upload)

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
            layer = self._parse(manifest, read_layer)
            outdated = self._layout.references(manifest)
            model = self._write_manifest(model, layer)
            self._layout.collect(outdated)
            return model

    def delete(self, reference: ModelReference) -> None:
        """Deletes a version for good, even a damaged one. Raises NotFoundError."""
        with self._layout.locked():
            index = self._layout.index()
            version, manifest = find_version(index, reference)
            discarded = self._layout.references(manifest)
            remaining = index.without(to_reference(reference.name, version))
            self._layout.write_index(note_version(remaining, reference.name, version))
            self._layout.collect(discarded)

    def unpack(
        self, model: Model, directory: Path, *, overwrite: bool = False, emit: Emit = ignore
    ) -> Path:
        """Writes the registered file or folder into `directory`; returns its path there.

        Raises ConflictError where it is there already, unless `overwrite`.
        """
        layer = self._look(lambda index: self._open_layer(index, model))
        with (
            layer,
            self._alone_in(directory),
            self._progress("unpack", model.name, model.version, model.size, emit) as advance,
        ):
            return unpack_layer(
                layer,
                folder=folder_of(model.name, model.version),
                root=model.root,
                directory=directory,
                overwrite=overwrite,
                advance=advance,
            )

    def _claim(self, name: str) -> tuple[int, Upload]:
        """The next version of `name`, and the upload that nobody else can claim it by."""
        key = hashlib.sha256(name.encode()).hexdigest()[:32]
        with self._layout.locked():
            claims = (each.split(".") for each in self._layout.uploads.running())
            claimed = [int(version) for claimant, version in claims if claimant == key]
            version = max([last_version(self._layout.index(), name), *claimed]) + 1
            return version, self._layout.uploads.start(f"{key}.{version}")

    def _progress(
        self, verb: str, name: str, version: int, total: int, emit: Emit
    ) -> AbstractContextManager[Advance]:
        task = f"{verb} {name}:{version}"
        title = f"Model {name}:{version}"
        return progress(task, title, total=total, clock=self._clock, emit=emit)

    def _write_layer(
        self, tree: Tree, name: str, version: int, upload: Upload, advance: Advance
    ) -> None:
        write_layer(
            tree,
            folder=folder_of(name, version),
            mtime=self._mtime,
            write=upload.write,
            advance=advance,
        )
        upload.flush()

    def _publish(self, model: Model, upload: Upload) -> Model:
        with self._layout.locked():
            try:
                layer = self._layout.keep(upload, LAYER)
                path = f"{folder_of(model.name, model.version)}/{model.root}"
                return self._write_manifest(model, name_layer(layer, path))
            except BaseException:
                self._layout.collect({upload.digest})
                raise

    def _write_manifest(self, model: Model, layer: Descriptor) -> Model:
        """Makes `model` what its name and version mean. Needs the lock."""
        config = self._layout.add_blob(make_config(model), CONFIG)
        content = make_manifest(model, config=config, layer=layer)
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

    @contextmanager
    def _alone_in(self, directory: Path) -> Iterator[None]:
        """Makes the directory, and lets nobody else unpack into it."""
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error("write", directory, error) from error
        busy = partial(_busy, directory)
        with lock(directory, clock=self._clock, within=_WAIT_FOR_UNPACKING, busy=busy):
            yield

    def _open_layer(self, index: Index, model: Model) -> BlobReader:
        reference = ModelReference(name=model.name, version=model.version)
        _, manifest = find_version(index, reference)
        return self._layout.open_blob(self._parse(manifest, read_layer))

    def _read_all(self, index: Index, name: str | None) -> tuple[Model, ...]:
        manifests = all_models(index)
        wanted = [key for key in manifests if name in (None, key[0])]
        wanted.sort(key=lambda key: (key[0].lower(), key[0], -key[1]))
        return tuple(self._read(manifests[key]) for key in wanted)

    def _read(self, manifest: Descriptor) -> Model:
        def read(content: bytes) -> Model:
            model = read_manifest(content, digest=manifest.digest)
            if from_reference(manifest.reference) != (model.name, model.version):
                raise ValueError(f"it was registered as {model.id}")
            return model

        return self._parse(manifest, read)

    def _parse(self, manifest: Descriptor, parse: Callable[[bytes], T]) -> T:
        """What `parse` makes of the manifest of a model. Raises StorageError, which names it."""
        try:
            return parse(self._layout.read_blob(manifest))
        except (ValueError, StorageError) as error:
            name, version = from_reference(manifest.reference) or ("", 0)
            raise StorageError(
                f"model {name}:{version} cannot be read: {error}",
                hint=f"acideploy model delete -i {name}:{version}",
            ) from error


def _describe(tree: Tree, draft: ModelDraft, version: int, upload: Upload, clock: Clock) -> Model:
    return Model(
        name=draft.name,
        version=version,
        root=tree.root,
        size=tree.size,
        digest="",
        layer_digest=upload.digest,
        created_time=clock.now(),
        framework=draft.framework,
        framework_version=draft.framework_version,
        description=draft.description,
        tags=draft.tags,
        properties=draft.properties,
    )


def _busy(directory: Path) -> BusyError:
    return BusyError(
        f"another acideploy command is writing to {shown(directory)}",
        hint="wait for it to end, and run this again",
    )
