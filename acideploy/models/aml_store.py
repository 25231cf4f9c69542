"""A model store that finds the models of an Azure ML workspace, too, and brings them once."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import cache
from pathlib import Path

from acideploy.clock import Clock
from acideploy.disk import storage_error
from acideploy.errors import BusyError, ConflictError, NotFoundError, RegistryError
from acideploy.events import Emit, ignore
from acideploy.image import Compression, Layer
from acideploy.image.compression import made_layer
from acideploy.image.layer import layer_chunks
from acideploy.lock import lock
from acideploy.models import Model, ModelChanges, ModelDraft, ModelReference, ModelStore
from acideploy.models.aml import AmlModel, AmlModels, ModelFile
from acideploy.models.artifact import describe_model
from acideploy.models.layer import folder_of, layer_entries
from acideploy.models.lookup import not_found
from acideploy.models.room import check_free
from acideploy.models.tree import scan
from acideploy.progress import Advance, progress
from acideploy.registry import Blob

# The property of a brought model that tells where it came from: an id of Resource Manager.
ORIGIN = "acideploy.origin"
# Files that are downloaded at the same time.
_AT_ONCE = 4
_NAMES_SHOWN = 5
# As long as anybody may need for some gigabytes.
_WAIT_SECONDS = 3600.0


class AmlBackedStore:
    """The models of `store`, and behind them those that `models` opens: only where one is missing.

    A model of Azure ML keeps its name and version. `scratch` is where its files are for a moment;
    `mtime` is that of files in layers.
    """

    def __init__(
        self,
        store: ModelStore,
        *,
        models: Callable[[], AmlModels],
        scratch: Path,
        clock: Clock,
        mtime: int = 0,
        emit: Emit = ignore,
    ) -> None:
        self._store = store
        self._models = cache(models)
        self._scratch = scratch
        self._clock = clock
        self._mtime = mtime
        self._emit = emit

    def find(self, reference: ModelReference) -> Model:
        """Raises NotFoundError, which names what does exist here and in Azure ML."""
        try:
            known = self._store.find(reference)
        except NotFoundError as error:
            found = self._models().find(reference)
            if found is None:
                raise _in_neither(reference, error, self._models()) from error
            return self._bring(found)
        # Of what was brought there may be a newer version there by now.
        if reference.version is None and ORIGIN in known.properties:
            newest = self._models().find(reference)
            if newest and newest.version > known.version:
                return self._bring(newest)
        return known

    def _bring(self, model: AmlModel) -> Model:
        return bring(
            model,
            models=self._models(),
            store=self._store,
            scratch=self._scratch,
            clock=self._clock,
            mtime=self._mtime,
            emit=self._emit,
        )

    # Everything else is of the models that are here.

    def register(
        self,
        path: Path,
        draft: ModelDraft,
        *,
        compression: Compression = "none",
        emit: Emit = ignore,
    ) -> Model:
        return self._store.register(path, draft, compression=compression, emit=emit)

    def add(self, model: Model, layer: Blob, *, emit: Emit = ignore) -> Model:
        return self._store.add(model, layer, emit=emit)

    def list(self, name: str | None = None) -> tuple[Model, ...]:
        return self._store.list(name)

    def update(self, reference: ModelReference, changes: ModelChanges) -> Model:
        return self._store.update(reference, changes)

    def delete(self, reference: ModelReference) -> None:
        self._store.delete(reference)

    def unpack(
        self, model: Model, directory: Path, *, overwrite: bool = False, emit: Emit = ignore
    ) -> Path:
        return self._store.unpack(model, directory, overwrite=overwrite, emit=emit)

    def layer(self, model: Model) -> Layer:
        return self._store.layer(model)


def bring(
    model: AmlModel,
    *,
    models: AmlModels,
    store: ModelStore,
    scratch: Path,
    clock: Clock,
    mtime: int = 0,
    emit: Emit = ignore,
) -> Model:
    """The model in `store`, under the name and version that it has in Azure ML.

    The same files become the same layer on every machine, so what was broken off goes on when it
    is done again, and two at a time do no harm. Raises NotFoundError, UnsupportedError,
    AzureError, StorageError, and ConflictError where that version is another model here.
    """
    folder = scratch / hashlib.sha256(model.id.lower().encode()).hexdigest()[:16]
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        with lock(
            folder.with_suffix(".lock"),
            clock=clock,
            within=_WAIT_SECONDS,
            busy=lambda: BusyError(
                f"model {model.named} is being brought by another process of this machine",
                hint="run this again when that has ended",
            ),
        ):
            # Whoever was waited for has done it, unless it failed.
            if known := _known(model, store):
                return known
            # What a killed process left.
            shutil.rmtree(folder, ignore_errors=True)
            try:
                path = _fetch(model, models, folder, clock, emit)
                return _keep(model, path, store, mtime, emit)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise storage_error("write", error.filename or scratch, error) from error


def _known(model: AmlModel, store: ModelStore) -> Model | None:
    return next((each for each in store.list(model.name) if each.version == model.version), None)


def _fetch(model: AmlModel, models: AmlModels, folder: Path, clock: Clock, emit: Emit) -> Path:
    """Downloads the files into `folder`; returns the path of the registered file or folder."""
    files = tuple(models.files(model))
    size = sum(file.size for file in files)
    check_free(folder, size=size)
    title = f"Model {model.named}, out of Azure ML"
    with progress(f"download {model.named}", title, total=size, clock=clock, emit=emit) as advance:
        _download(files, folder, advance)
    return folder / files[0].path.partition("/")[0]


def _keep(model: AmlModel, path: Path, store: ModelStore, mtime: int, emit: Emit) -> Model:
    tree = scan(path)
    entries = layer_entries(tree, folder=folder_of(model.name, model.version))
    layer = made_layer(
        lambda: layer_chunks(entries, mtime=mtime),
        title=f"model {model.named}",
        created_by=f"model {model.named}",
    )
    draft = ModelDraft(
        name=model.name,
        framework=model.framework,
        framework_version=model.framework_version,
        description=model.description,
        tags=model.tags,
        properties={**model.properties, ORIGIN: model.id},
    )
    described = describe_model(
        draft,
        version=model.version,
        tree=tree,
        layer=layer.blob.descriptor,
        diff_id=layer.diff_id,
        created=model.created,
    )
    try:
        return store.add(described, layer.blob, emit=emit)
    except (ConflictError, RegistryError):
        # Another machine may have been at it, too, and a model is locked once it is there.
        known = _known(model, store)
        if known is None or known.layer_digest != described.layer_digest:
            raise
        return known


def _download(files: Sequence[ModelFile], folder: Path, advance: Advance) -> None:
    """Raises the first failure, when the others have been broken off."""
    stopped, counting = threading.Event(), threading.Lock()

    def fetch(file: ModelFile) -> None:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as written:
            for chunk in file.chunks():
                if stopped.is_set():
                    return
                written.write(chunk)
                with counting:
                    advance(len(chunk))

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
        try:
            fetched = [threads.submit(fetch, file) for file in files]
            for ended in wait(fetched, return_when=FIRST_EXCEPTION).done:
                ended.result()
        except BaseException:
            # Ctrl-C, too: nobody waits for the rest of a gigabyte.
            stopped.set()
            raise


def _in_neither(
    reference: ModelReference, error: NotFoundError, models: AmlModels
) -> NotFoundError:
    """What the store says, with what there is in Azure ML instead."""
    if models.workspace is None:
        return error
    where = f"the Azure ML workspace {models.workspace}"
    if versions := models.versions(reference.name):
        several = "s" if len(versions) > 1 else ""
        told, hint = f"in {where} it has version{several} {_some(versions)}", error.hint
    else:
        names = models.names()
        told = f"{where} has {_some(names)}" if names else f"{where} has no models"
        hint = not_found(reference, (), names).hint if names else error.hint
    return NotFoundError(f"{error.message}; {told}", hint=hint)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
