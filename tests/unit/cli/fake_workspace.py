"""A workspace that remembers what it was asked, and always answers the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

from acideploy.api import ConfigurationFiles, DeployRequest, UpdateRequest, Workspace
from acideploy.attachment import Attachment, AzureChoice
from acideploy.azure.open import Azure
from acideploy.config.problem import Place, Problem
from acideploy.config.values import Requirement
from acideploy.environment.lock import EnvironmentLock
from acideploy.environment.upgrade.changes import Change
from acideploy.environment_lock import Locked
from acideploy.environment_upgrade import Upgraded, UpgradeRequest
from acideploy.events import Emit
from acideploy.image import Compression
from acideploy.models import Model, ModelChanges, ModelDraft
from acideploy.package import Package
from acideploy.plan import Plan, Step
from acideploy.prune import Pruned
from acideploy.registry.descriptor import Descriptor
from acideploy.request import PackageRequest
from acideploy.targets import Answer, Keys, Service, Terminal

MOMENT = datetime(2026, 11, 23, 10, 30, 15, 250000, tzinfo=timezone.utc)

SERVICE = Service(
    name="iris-svc",
    state="running",
    compute_type="local",
    created_time=MOMENT,
    updated_time=MOMENT,
    revision=1,
    scoring_uri="http://localhost:6789/score",
    swagger_uri="http://localhost:6789/swagger.json",
    port=6789,
    pid=4711,
    models=("iris:1",),
    environment={"name": "iris-env"},
    environment_digest="sha256:abc",
    tags={"stage": "dev"},
)
MODEL = Model(
    name="iris",
    version=2,
    root="model.pkl",
    size=1000,
    digest="sha256:def",
    layer=Descriptor(media_type="tar", digest="sha256:123", size=0),
    diff_id="sha256:123",
    created_time=MOMENT,
    framework="ScikitLearn",
    tags={"stage": "dev"},
)


STEPS = (
    Step(action="make", subject="environment", cause="the conda file changed"),
    Step(action="start", subject="service svc", cause="there is no service of that name"),
)
LOCKED = Locked(
    path=Path("pylock.toml"),
    lock=EnvironmentLock(python="3.11.7", platform="linux-64"),
    changes=("- flask 3.0.0", "+ flask 3.1.3"),
    written=True,
)
UPGRADED = Upgraded(
    file="conda.yml",
    python="3.8",
    changes=(
        Change(
            requirement=Requirement(
                text="tiny==0.9", place=Place(file="conda.yml", line=7, column=7)
            ),
            after="tiny==1.0",
            reason="no wheel for Python 3.8 before 1.0",
        ),
    ),
    difference="--- conda.yml\n+++ conda.yml\n@@ -7 +7 @@\n-    - tiny==0.9\n+    - tiny==1.0\n",
    unchecked=(Requirement(text="big=1", place=Place(file="conda.yml", line=3, column=5)),),
)
PACKAGE = Package(location="contoso.azurecr.io/package:abc", digest="sha256:abc", size=10)
ANSWER = Answer(status=200, headers={}, body=b'{"result": [1]}')


@dataclass
class FakeWorkspace(Workspace):
    """Answers with the same things always, and keeps what it was given."""

    problems: tuple[Problem, ...] = ()
    models: tuple[Model, ...] = (MODEL,)
    services: tuple[Service, ...] = (SERVICE,)
    answer: Answer = ANSWER
    steps: tuple[Step, ...] = STEPS
    log: str = "first\nlast"
    code: int = 0
    failure: BaseException | None = None
    directory: Path = Path("/state")
    attachment: Attachment | None = None
    azure_choice: AzureChoice | None = None
    azure: Azure | None = None
    package: Package = PACKAGE
    opened: dict[str, object] = field(default_factory=dict)
    emit: Emit = print
    asked: list[object] = field(default_factory=list)

    def _ask(self, *what: object) -> None:
        self.asked.append(what[0] if len(what) == 1 else what)
        if self.failure:
            raise self.failure

    def check(
        self, files: ConfigurationFiles, *, models: Sequence[str] = ()
    ) -> tuple[Problem, ...]:
        self._ask(files, models)
        return self.problems

    def register_model(
        self, path: Path, draft: ModelDraft, *, compression: Compression = "none"
    ) -> Model:
        self._ask(path, draft, *(() if compression == "none" else (compression,)))
        return MODEL

    def copy_model(
        self, reference: str, *, source: str | None = None, target: str | None = None
    ) -> Model:
        self._ask("copy", reference, source, target)
        return MODEL

    def package_model(self, request: PackageRequest) -> Package:
        self._ask(request)
        return self.package

    def lock_environment(self, files: ConfigurationFiles, path: Path, *, write: bool) -> Locked:
        self._ask(files, path, write)
        return LOCKED

    def upgrade_environment(self, request: UpgradeRequest) -> Upgraded:
        self._ask(request)
        return UPGRADED

    def list_models(self, name: str | None = None) -> tuple[Model, ...]:
        self._ask(name)
        return self.models

    def show_model(self, reference: str) -> Model:
        self._ask(reference)
        return MODEL

    def update_model(self, reference: str, changes: ModelChanges) -> Model:
        self._ask(reference, changes)
        return MODEL

    def delete_model(self, reference: str) -> Model:
        self._ask(reference)
        return MODEL

    def download_model(self, reference: str, directory: Path, *, overwrite: bool = False) -> Path:
        self._ask(reference, directory, overwrite)
        return directory / MODEL.root

    def plan(self, request: DeployRequest) -> Plan:
        self._ask("plan")
        return Plan(service=request.name, target="local", steps=self.steps)

    def deploy(self, request: DeployRequest) -> Service:
        self._ask(request)
        return SERVICE

    def list_services(
        self, compute_type: str | None = None, *, brief: bool = False
    ) -> tuple[Service, ...]:
        self._ask("list")
        wants = (compute_type or "").lower()
        return tuple(each for each in self.services if wants in ("", each.compute_type.lower()))

    def show_service(self, name: str, *, wait: bool = False) -> Service:
        self._ask(name)
        return SERVICE

    def update_service(self, request: UpdateRequest) -> Service:
        self._ask(request)
        return SERVICE

    def score(self, name: str, body: bytes, *, content_type: str = "application/json") -> Answer:
        self._ask(name, body)
        return self.answer

    def logs(
        self,
        name: str,
        *,
        lines: int = 5000,
        previous: bool = False,
        since: timedelta | None = None,
    ) -> str:
        self._ask(name, lines, previous, *(() if since is None else (since,)))
        return self.log

    def follow_logs(self, name: str, *, lines: int = 10) -> Iterator[str]:
        self._ask(name, lines)
        yield "first"
        raise KeyboardInterrupt

    def execute(self, name: str, command: Sequence[str], terminal: Terminal) -> int:
        self._ask(name, tuple(command))
        terminal.write(b"one\n")
        return self.code

    def keys(self, name: str) -> Keys:
        self._ask(name)
        return Keys(primary="one", secondary="two")

    def regenerate_key(self, name: str, *, which: str, value: str | None = None) -> Keys:
        self._ask(name, which, value)
        return Keys(primary=value or "new", secondary="two")

    def stop_service(self, name: str) -> Service:
        self._ask("stop", name)
        return SERVICE

    def start_service(self, name: str) -> Service:
        self._ask("start", name)
        return SERVICE

    def restart_service(self, name: str) -> Service:
        self._ask("restart", name)
        return SERVICE

    def prune(self) -> Pruned:
        self._ask("prune")
        return Pruned(environments={"sha256:abc": 5}, images={"svc:1": 7}, stored={"bases/x:1": 9})

    def delete_service(self, name: str, *, purge: bool = False) -> None:
        self._ask("purge" if purge else "delete", name)


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


class RunCli(Protocol):
    def __call__(self, line: str, *words: str) -> Outcome: ...
