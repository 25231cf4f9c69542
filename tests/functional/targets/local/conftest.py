"""Services in containers of real engines, in a workspace of their own."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import docker
import pytest

from acideploy.clock import SystemClock
from acideploy.code import Code
from acideploy.environment.local import LocalEnvironment
from acideploy.environment.request import request_environment
from acideploy.errors import AcideployError
from acideploy.events import Event
from acideploy.image import Image, Layer
from acideploy.image.archive import docker_archive
from acideploy.models import ModelStore
from acideploy.models.store import LayoutModelStore
from acideploy.plan import Wanted
from acideploy.targets import Service
from acideploy.targets.local.engines import Engines
from acideploy.targets.local.runnable import ImageSource, Runnable, ServiceImage
from acideploy.targets.local.target import LocalTarget
from tests.parts.base_image import BaseImage
from tests.service_images import ECHO, base_layers, service_image
from tests.serving_process import serving_environment

NAME = "echo-svc"


@dataclass
class Workspace:
    """Deploys services whose script is `project/score.py`."""

    directory: Path
    host: str
    base: tuple[Layer, ...]
    events: list[Event] = field(default_factory=list)
    source: ImageSource | None = None

    @property
    def services(self) -> Path:
        return self.directory / "services"

    @property
    def target(self) -> LocalTarget:
        """As a command has it: nothing is remembered but what was written down."""
        engines = Engines({"DOCKER_HOST": self.host})
        return LocalTarget(self.services, clock=SystemClock(), engines=engines)

    @property
    def store(self) -> ModelStore:
        return LayoutModelStore(self.directory / "store", clock=SystemClock(), mtime=0)

    @property
    def script(self) -> Path:
        return self.directory / "project" / "score.py"

    def wanted(self, script: str = ECHO, *, name: str = NAME, **settings: Any) -> Wanted:
        self.script.parent.mkdir(exist_ok=True)
        self.script.write_text(textwrap.dedent(script))
        code = Code(
            path=self.script,
            entry_script="score.py",
            source_directory=None,
            origin=self.script.parent,
        )
        request, _ = request_environment(None, directory=self.directory, python="3.11")
        chosen = {"runtime": "container", **settings}
        return Wanted(name=name, models=(), code=code, environment=request, **chosen)

    def deploy(self, script: str = ECHO, *, image: Image | None = None, **settings: Any) -> Service:
        wanted = self.wanted(script, **settings)
        with self.target.changing(wanted.name, new=True):
            return self.apply(wanted, image=image, wait=True)

    def apply(self, wanted: Wanted, *, image: Image | None = None, wait: bool) -> Service:
        target = self.target
        runtime = target.choose_runtime(wanted.runtime, emit=self.events.append)
        wanted = replace(wanted, runtime=runtime)
        target.check_port(wanted)
        return target.apply(
            wanted,
            self.runnable(wanted, image),
            store=self.store,
            wait=wait,
            emit=self.events.append,
        )

    def runnable(self, wanted: Wanted, image: Image | None = None) -> Runnable:
        if wanted.runtime == "process":
            directory = serving_environment(python="3.11").parents[1]
            return LocalEnvironment(digest="0", directory=directory)
        built = image or service_image(self.base, script=self.script.read_text())
        return ServiceImage(image=built, source=self.source)

    def show(self, name: str = NAME) -> Service:
        return self.target.find(name)

    def score(self, name: str = NAME) -> Any:
        answer = self.target.score(name, b"1", content_type="application/json")
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def clean(self) -> None:
        for name in self.target.folders.names():
            self.target.delete(name)


@pytest.fixture(scope="session")
def layers_kept() -> set[str]:
    """The engines that keep the layers which all services of these tests have."""
    return set()


@pytest.fixture
def workspace(
    engine_part: str, base_image_part: BaseImage, tmp_path: Path, layers_kept: set[str]
) -> Iterator[Workspace]:
    """With each engine in turn."""
    found = Workspace(tmp_path, engine_part, base_layers(base_image_part))
    if engine_part not in layers_kept:
        kept = docker_archive(service_image(found.base), tag="localhost/kept:1")
        Engines({"DOCKER_HOST": engine_part}).find().load(kept)
        layers_kept.add(engine_part)
    try:
        yield found
    finally:
        try:
            found.clean()
        except AcideployError:
            Workspace(tmp_path, engine_part, found.base).clean()


@pytest.fixture
def client(engine_part: str) -> Iterator[docker.APIClient]:
    """The engine as somebody else talks to it."""
    with docker.APIClient(engine_part, version="auto") as client:
        yield client
