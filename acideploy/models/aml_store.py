"""A model store that finds the models of an Azure ML workspace, too, and brings them once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from acideploy.clock import Clock
from acideploy.errors import NotFoundError
from acideploy.events import Emit, ignore
from acideploy.image import Compression, Layer
from acideploy.models import Model, ModelChanges, ModelDraft, ModelReference, ModelStore
from acideploy.models.aml import AmlModel, AmlModels
from acideploy.models.aml_bring import ORIGIN, bring, foresee
from acideploy.models.lookup import not_found
from acideploy.registry import Blob

_NAMES_SHOWN = 5


class AmlBackedStore:
    """The models of `store`, and behind them those that `models` opens: only where one is missing.

    A model of Azure ML keeps its name and version. `scratch` is where its files are for a moment;
    `mtime` is that of files in layers. Without `brings` nothing is brought: what is known of such a
    model is told.
    """

    def __init__(
        self,
        store: ModelStore,
        *,
        models: Callable[[], AmlModels],
        scratch: Path,
        clock: Clock,
        mtime: int = 0,
        brings: bool = True,
        emit: Emit = ignore,
    ) -> None:
        self._store = store
        self._models = models
        self._scratch = scratch
        self._clock = clock
        self._mtime = mtime
        self._brings = brings
        self._emit = emit

    def find(self, reference: ModelReference) -> Model:
        """Raises NotFoundError, which names what does exist here and in Azure ML."""
        try:
            known = self._store.find(reference)
        except NotFoundError as error:
            found = self._models().find(reference)
            if found is None:
                raise _in_neither(reference, error, self._models()) from error
            return self._take(found)
        # Of what was brought there may be a newer version there by now.
        if reference.version is None and ORIGIN in known.properties:
            newest = self._models().find(reference)
            if newest and newest.version > known.version:
                return self._take(newest)
        return known

    def _take(self, model: AmlModel) -> Model:
        if not self._brings:
            return foresee(model, self._models())
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
