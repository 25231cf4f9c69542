"""A project to package: a registry, a base image in another one, a model, packages, code."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.code import code_of
from acideploy.config.values import InferenceConfig
from acideploy.environment.base_image import BaseImage
from acideploy.environment.request import EnvironmentRequest
from acideploy.events import Event
from acideploy.image import Compression
from acideploy.models import Model, ModelDraft, ModelReference
from acideploy.package import Package, package
from acideploy.parts import Parts, assemble
from acideploy.plan import Wanted
from acideploy.registry.acr import AcrRegistry
from acideploy.request import ConfigurationFiles, Destination, PackageRequest
from acideploy.serving import ServingStack
from tests.functional.conftest import Trust
from tests.parts.fixtures import started
from tests.parts.proxy import RunningProxy, proxy
from tests.parts.registry import RunningRegistry, registry
from tests.tiny import base_artifact, put, wheel


@dataclass(kw_only=True)
class Workshop:
    """Makes images of the folder `source`. `door` counts what goes to the registry, `other` what
    goes to that of the base image."""

    directory: Path
    door: RunningProxy
    other: RunningProxy
    stored: RunningRegistry
    told: list[Event] = field(default_factory=list)

    @property
    def source(self) -> Path:
        return self.directory / "src"

    @property
    def parts(self) -> Parts:
        """As a new command has them."""
        return assemble(self.directory / "home", registry=self.door.host, clock=SystemClock())

    def register(self, path: Path, *, compression: Compression = "none") -> Model:
        return self.parts.store.register(path, ModelDraft(name="iris"), compression=compression)

    def wanted(self, parts: Parts, *, models: Sequence[str] = ("iris",)) -> Wanted:
        stack = ServingStack(python="3.11", requirements=(), constraints=())
        environment = EnvironmentRequest(
            python="3.11",
            lines=("./tiny-1.0-py3-none-any.whl",),
            directory=self.directory,
            stack=stack,
        )
        script = self.source / "score.py"
        config = InferenceConfig(entry_script=script, source_directory=self.source)
        return Wanted(
            name="",
            models=tuple(parts.store.find(ModelReference(name=name)) for name in models),
            code=code_of(config),
            environment=environment,
            base=BaseImage(name=f"{self.other.host}/base:1", python="python3.11"),
            variables={"GREETING": "hello"},
        )

    def package(
        self,
        destination: Destination = None,
        *,
        name: str = "service",
        models: Sequence[str] = ("iris",),
        compression: Compression = "none",
    ) -> Package:
        parts = self.parts
        request = PackageRequest(
            files=ConfigurationFiles(),
            image_name=name,
            image_label="1",
            destination=destination,
            compression=compression,
        )
        return package(
            self.wanted(parts, models=models),
            request,
            parts=parts,
            directory=self.directory,
            clock=SystemClock(),
            emit=self.told.append,
        )


@pytest.fixture
def workshop(tmp_path: Path, trust: Trust) -> Iterator[Workshop]:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").write_text("def init(): ...\n")
    wheel(tmp_path, text=f"data = '{os.urandom(150_000).hex()}'\n")
    with started(registry(tls=False)) as part, proxy(part) as door, proxy(part) as other:
        trust(part)
        put(AcrRegistry(other.host, clock=SystemClock()), "base", base_artifact(), tag="1")
        yield Workshop(directory=tmp_path, door=door, other=other, stored=part)
