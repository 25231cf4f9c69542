"""Models of Azure ML, brought: downloaded for a moment, and kept under their name and version."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

from acideploy.clock import Clock
from acideploy.disk import storage_error
from acideploy.errors import BusyError, ConflictError, RegistryError
from acideploy.events import Emit, ignore
from acideploy.image.compression import TAR, made_layer
from acideploy.image.layer import layer_chunks
from acideploy.lock import lock
from acideploy.models import Model, ModelDraft, ModelStore
from acideploy.models.aml import AmlModel, AmlModels, ModelFile
from acideploy.models.artifact import describe_model
from acideploy.models.layer import folder_of, layer_entries
from acideploy.models.room import check_free
from acideploy.models.tree import scan
from acideploy.progress import Advance, progress
from acideploy.registry.descriptor import Descriptor

# The property of a brought model that tells where it came from: an id of Resource Manager.
ORIGIN = "acideploy.origin"
# Files that are downloaded at the same time.
_AT_ONCE = 4
# As long as anybody may need for some gigabytes.
_WAIT_SECONDS = 3600.0


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


def foresee(model: AmlModel, models: AmlModels) -> Model:
    """What is known of a model that is not brought. Raises NotFoundError, AzureError."""
    files = tuple(models.files(model))
    return Model(
        name=model.name,
        version=model.version,
        root=files[0].path.partition("/")[0],
        size=sum(file.size for file in files),
        digest="",
        layer=Descriptor(media_type=TAR, digest="", size=0),
        diff_id="",
        created_time=model.created,
        framework=model.framework,
        framework_version=model.framework_version,
        description=model.description,
        tags=model.tags,
        properties={**model.properties, ORIGIN: model.id},
    )


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
