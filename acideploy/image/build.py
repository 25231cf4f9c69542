"""The image of a service: its base, its packages, what serves it, its models, its code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from acideploy.clock import Clock
from acideploy.environment.base_image import BaseImage
from acideploy.environment.layers import EnvironmentLayers
from acideploy.events import Emit
from acideploy.image import Base, Compression, Image
from acideploy.image.base import Importer, ensure_base
from acideploy.image.compose import compose
from acideploy.image.contents import code_layer, serving_layer, settings_of
from acideploy.image.reference import ImageReference, parse_image_reference
from acideploy.models import ModelStore
from acideploy.plan import Wanted
from acideploy.registry import Registry

if TYPE_CHECKING:
    from acideploy.image.built import Builder

# The registry that a base image is in, for its host.
OpenRegistry = Callable[[str, BaseImage], Registry]
# Has the registry fetch an image by itself, as a repository and a tag, with a user's name and
# password where it needs them; whether it did.
ImportImage = Callable[[ImageReference, str, str, tuple[str, str] | None, Emit], bool]


class ImageBuilder:
    """Makes images whose layers are in `registry`, or will be when they are pushed there."""

    def __init__(
        self,
        registry: Registry,
        *,
        store: ModelStore,
        environments: EnvironmentLayers,
        open_registry: OpenRegistry,
        builder: Callable[[], Builder],
        clock: Clock,
        mtime: int,
        import_image: ImportImage | None = None,
    ) -> None:
        self._registry = registry
        self._store = store
        self._environments = environments
        self._open_registry = open_registry
        self._builder = builder
        self._clock = clock
        self._mtime = mtime
        self._import_image = import_image

    def has_environment(self, wanted: Wanted, compression: Compression) -> bool:
        """Whether the packages are in the registry, or in the base image, already."""
        own = wanted.base is not None and wanted.base.has_packages
        return own or self._environments.find(wanted.environment, compression) is not None

    def build(self, wanted: Wanted, *, compression: Compression = "none", emit: Emit) -> Image:
        """The image, with a digest that depends on nothing but what is wanted and the base image.

        Models and packages are in the registry then, the code is not. Raises DependencyError,
        StorageError, RegistryError, NotFoundError, EngineError.
        """
        assert wanted.base is not None
        base = self._base(wanted.base, emit)
        layers = [
            serving_layer(mtime=self._mtime, compression=compression),
            *(self._store.layer(model) for model in wanted.models),
            code_layer(wanted.code, mtime=self._mtime, compression=compression),
        ]
        if wanted.base.has_packages:
            self._require_serving(base, wanted.base.python, emit)
        else:
            environment = self._environments.ensure(
                wanted.environment, python=wanted.base.python, compression=compression, emit=emit
            )
            layers = [*environment, *layers]
        settings = settings_of(
            wanted.code, wanted.models, python=wanted.base.python, variables=wanted.variables
        )
        return compose(base, layers, settings, created=self._mtime)

    def _base(self, base: BaseImage, emit: Emit) -> Base:
        if base.dockerfile:
            # For the few that give one.
            from acideploy.image.built import ensure_built

            return ensure_built(base, builder=self._builder, registry=self._registry, emit=emit)
        name = parse_image_reference(base.name)
        return ensure_base(
            name,
            source=self._open_registry(name.endpoint, base),
            registry=self._registry,
            clock=self._clock,
            emit=emit,
            importer=self._importer(base, emit),
        )

    def _importer(self, base: BaseImage, emit: Emit) -> Importer | None:
        bring = self._import_image
        if bring is None:
            return None
        login = (base.username, base.password) if base.username and base.password else None
        return lambda source, repository, tag: bring(source, repository, tag, login, emit)

    def _require_serving(self, base: Base, python: str, emit: Emit) -> None:
        # For the few images that bring an interpreter.
        from acideploy.image.survey import require_serving

        require_serving(base, python, registry=self._registry, clock=self._clock, emit=emit)
