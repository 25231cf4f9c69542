"""The parts of a workspace, put together."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from acideploy.clock import Clock
from acideploy.environment.base_image import BaseImage
from acideploy.environment.layers import EnvironmentLayers
from acideploy.environment.local import LocalEnvironments
from acideploy.events import Emit, ignore
from acideploy.home import (
    crash_logs_directory,
    environments_directory,
    secrets_directory,
    services_directory,
    store_directory,
)
from acideploy.image import Compression
from acideploy.image.build import ImageBuilder, ImportImage
from acideploy.image.layer import source_date_epoch
from acideploy.image.reference import ImageReference
from acideploy.models import ModelStore
from acideploy.plan import Wanted
from acideploy.registry import Registry
from acideploy.registry.authentication import Credential, Password

if TYPE_CHECKING:
    from acideploy.azure.open import Azure
    from acideploy.image.built import Builder
    from acideploy.targets.aci.target import AciTarget
    from acideploy.targets.local.target import LocalTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What keeps models and images, what makes environments and images, what runs services.

    `store` brings a model of Azure ML that is asked for, `known_models` only tells what it is.
    `environments` are those of processes, `layers` those of images. `host` is that of the registry,
    None where the workspace is a directory. `target` opens what runs services, once. `login` is
    with what a container engine may pull from the registry. `mtime` is that of files in layers.
    """

    host: str | None
    registry: Registry
    store: ModelStore
    known_models: ModelStore
    environments: LocalEnvironments
    layers: EnvironmentLayers
    images: ImageBuilder
    target: Callable[[], LocalTarget]
    open_registry: Callable[[str], Registry]
    login: Callable[[], Password | None]
    mtime: int

    def has_environment(self, wanted: Wanted, compression: Compression) -> bool:
        """Whether the packages that are wanted have been installed before."""
        if wanted.runtime == "process":
            return self.environments.find(wanted.environment) is not None
        return self.images.has_environment(wanted, compression)


def assemble(
    directory: Path,
    *,
    registry: str | None,
    clock: Clock,
    azure: Callable[[], Azure] | None = None,
    emit: Emit = ignore,
) -> Parts:
    """The parts of the workspace in `directory`, which keeps its models and images in `registry`.

    Without one they are kept in the directory, too. `azure` opens what the registry belongs to: its
    registered models are found as well, and tell `emit` when they are brought. Nothing is
    contacted yet.
    """
    mtime = source_date_epoch(os.environ)
    kept, store, login = (
        _remote(registry, clock, mtime) if registry else _local(directory, clock, mtime)
    )
    scratch = environments_directory(directory)
    known_models = store
    if azure:
        store, known_models = _with_azure_models(store, azure, scratch, clock, mtime, emit)

    def open_registry(host: str, base: BaseImage | None = None) -> Registry:
        return kept if host == kept.location else _open_registry(host, base, clock)

    def builder() -> Builder:
        # A container engine, which few images need.
        from acideploy.targets.local.builder import EngineBuilder
        from acideploy.targets.local.engines import Engines

        return EngineBuilder(Engines(os.environ), kept, scratch=scratch, clock=clock)

    layers = EnvironmentLayers(kept, scratch=scratch, clock=clock, mtime=mtime)
    images = ImageBuilder(
        kept,
        store=store,
        environments=layers,
        open_registry=open_registry,
        builder=builder,
        clock=clock,
        mtime=mtime,
        import_image=_importer(azure, clock) if azure else None,
    )
    return Parts(
        host=registry,
        registry=kept,
        store=store,
        known_models=known_models,
        environments=LocalEnvironments(scratch, clock=clock),
        layers=layers,
        images=images,
        target=cache(lambda: open_local(directory, clock=clock)),
        open_registry=open_registry,
        login=login,
        mtime=mtime,
    )


def open_store(directory: Path, *, where: str, clock: Clock) -> ModelStore:
    """The models in the workspace's directory, for `local`, or in the registry of that host."""
    return assemble(directory, registry=None if where == "local" else where, clock=clock).store


def open_aci(azure: Azure, parts: Parts, *, directory: Path, clock: Clock) -> AciTarget:
    """What runs services in Azure; `parts` are those of a workspace with a registry."""
    from acideploy.azure.vault import VaultSecrets
    from acideploy.registry.acr import AcrRegistry
    from acideploy.targets.aci.logs import CrashLogs
    from acideploy.targets.aci.secrets import FolderSecrets, Secrets
    from acideploy.targets.aci.target import AciTarget

    assert isinstance(parts.registry, AcrRegistry)
    vault = azure.workspace.vault
    secrets: Secrets = (
        VaultSecrets(vault, cloud=azure.cloud, clock=clock)
        if vault
        else FolderSecrets(secrets_directory(directory))
    )
    return AciTarget(
        azure,
        registry=parts.registry,
        secrets=secrets,
        crash_logs=CrashLogs(crash_logs_directory(directory)),
        clock=clock,
    )


def _with_azure_models(
    store: ModelStore,
    azure: Callable[[], Azure],
    scratch: Path,
    clock: Clock,
    mtime: int,
    emit: Emit,
) -> tuple[ModelStore, ModelStore]:
    """Behind the models of the registry, those that are registered in the Azure ML workspace.

    The first store brings them, the second does not.
    """
    from acideploy.models.aml import AmlModels
    from acideploy.models.aml_store import AmlBackedStore

    models = cache(lambda: AmlModels(azure(), clock=clock))
    bringing, looking = (
        AmlBackedStore(
            store,
            models=models,
            scratch=scratch,
            clock=clock,
            mtime=mtime,
            brings=brings,
            emit=emit,
        )
        for brings in (True, False)
    )
    return bringing, looking


def _importer(azure: Callable[[], Azure], clock: Clock) -> ImportImage:
    def bring(
        source: ImageReference,
        repository: str,
        tag: str,
        login: tuple[str, str] | None,
        emit: Emit,
    ) -> bool:
        from acideploy.azure.import_image import import_image

        return import_image(azure(), source, repository, tag, login, emit, clock=clock)

    return bring


_Kept: TypeAlias = tuple[Registry, ModelStore, Callable[[], Password | None]]


def _local(directory: Path, clock: Clock, mtime: int) -> _Kept:
    # The files of a layout, which nothing remote loads.
    from acideploy.models.store import LayoutModelStore
    from acideploy.registry.directory import DirectoryRegistry
    from acideploy.registry.layout import ImageLayout

    place = store_directory(directory)
    kept = DirectoryRegistry(ImageLayout(place, clock=clock))
    return kept, LayoutModelStore(place, clock=clock, mtime=mtime), lambda: None


def _remote(host: str, clock: Clock, mtime: int) -> _Kept:
    # The Azure SDK, which nothing local loads.
    from acideploy.credentials import credential_for, password_in
    from acideploy.models.registry_store import RegistryModelStore
    from acideploy.registry.acr import AcrRegistry

    def login() -> Credential:
        return password_in(os.environ) or credential_for(host)

    kept = AcrRegistry(host, login=login, clock=clock)
    return kept, RegistryModelStore(kept, clock=clock, mtime=mtime), kept.login


def open_local(workspace: Path, *, clock: Clock) -> LocalTarget:
    """What runs services on this machine, whatever registry there is."""
    # Processes, HTTP and container engines, which are nothing to models and images.
    from acideploy.targets.local.engines import Engines
    from acideploy.targets.local.target import LocalTarget

    directory = services_directory(workspace)
    return LocalTarget(directory, clock=clock, engines=Engines(os.environ))


def _open_registry(host: str, base: BaseImage | None, clock: Clock) -> Registry:
    """Another registry; for a base image with the login that the inference config gives."""
    from acideploy.credentials import credential_for
    from acideploy.registry.acr import AcrRegistry

    def login() -> Credential:
        if base and base.username and base.password:
            return Password(username=base.username, password=base.password)
        return credential_for(host)

    return AcrRegistry(host, login=login, clock=clock)
