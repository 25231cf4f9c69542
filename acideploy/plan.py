"""What a deploy would do, and why: a pure comparison of what is wanted with what is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from acideploy.code import Code
from acideploy.config.values import AciDeployment, Limits, Runtime, Serving
from acideploy.environment.base_image import BaseImage
from acideploy.environment.request import EnvironmentRequest
from acideploy.errors import ConflictError
from acideploy.models import Model
from acideploy.secret_names import is_secret

if TYPE_CHECKING:
    from acideploy.targets.aci.changes import Change
    from acideploy.targets.aci.prices import Price

Action: TypeAlias = (
    Literal["make", "reuse", "unpack", "mount", "copy", "start", "replace", "keep"]
    # In Azure.
    | Literal["push", "create", "change"]
)

# What happens to a container group while nobody is answered.
Downtime: TypeAlias = Literal["none", "restart", "replacement"]
# What becomes of where a service answers.
AddressChange: TypeAlias = Literal["created", "none", "ip", "name"]
KeysFate: TypeAlias = Literal["kept", "made", "none"]

# The actions that make a service where none was.
_MAKING = frozenset({"start", "create"})

# The parts of a revision, in the order they are told.
PARTS = ("environment", "models", "code", "settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Everything about a service that its owner chose. `port` None takes a free one, or keeps it.

    `limits` are those of a container. `aci` is where and how it runs in Azure, None on this
    machine. `base` is the image below, where an image is made. `environment_details` is the
    environment object of the inference config, for results.
    `kept_parts` are the parts of a deployed revision that an update does not touch: a running
    service may have written among its own files.
    """

    name: str
    models: tuple[Model, ...]
    code: Code
    environment: EnvironmentRequest
    serving: Serving = Serving()
    runtime: Runtime = "process"
    limits: Limits = Limits()
    port: int | None = None
    base: BaseImage | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    environment_details: Mapping[str, object] = field(default_factory=dict)
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    kept_parts: Mapping[str, str] = field(default_factory=dict)
    aci: AciDeployment | None = None

    def parts(self) -> Mapping[str, str]:
        """A name for the content of each of `PARTS`. Raises StorageError."""
        made: dict[str, Callable[[], str]] = {
            "environment": self._environment,
            "models": lambda: _digest([[model.id, model.layer_digest] for model in self.models]),
            "code": self.code.digest,
            "settings": lambda: _digest(self._settings()),
        }
        return {part: self.kept_parts.get(part) or make() for part, make in made.items()}

    def _environment(self) -> str:
        if self.runtime == "process" or self.base is None:
            return self.environment.digest
        return _digest([self.environment.image_digest, self.base.name, self.base.python])

    def _settings(self) -> list[object]:
        serving = self.serving
        # In Azure many can read the name of this content, and could try out what it is made of.
        # There secrets are compared with those that are kept.
        paths = [serving.ssl_certificate, None if self.aci else serving.ssl_key]
        files = [
            path.read_bytes().hex() if serving.ssl_enabled and path else None for path in paths
        ]
        return [
            bool(serving.auth_enabled),
            bool(serving.ssl_enabled),
            bool(serving.app_insights_enabled),
            files,
            sorted(self._open_variables().items()),
            *([self.limits.cpu, self.limits.memory_in_gb] if self.runtime == "container" else []),
        ]

    def _open_variables(self) -> Mapping[str, str]:
        """Those that are compared by their content: in Azure none that is secret."""
        if self.aci is None:
            return self.variables
        return {name: value for name, value in self.variables.items() if not is_secret(name)}


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do, with its cause in the user's terms."""

    action: Action
    subject: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLayer:
    """A layer of the image and how it gets to where the image is.

    `size` in bytes is None where it is not known beforehand; of what has to be made first, it is
    that of the packages as they are downloaded. `source` is the repository of the same registry
    that a layer is mounted from, or the host that it is copied from.
    """

    action: Literal["make", "push", "mount", "reuse", "copy"]
    title: str
    size: int | None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What a deploy to Azure means for those who use the service, and for who pays.

    `address` is where the service answers now, None where there is none. `pull` says with what
    its image is pulled, `price` what it costs while it runs.
    """

    layers: tuple[PlannedLayer, ...]
    changes: tuple[Change, ...]
    downtime: Downtime
    address: str | None
    address_change: AddressChange
    keys: KeysFate
    pull: str
    price: Price | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`steps` in the order they are taken. A plan that only keeps changes nothing.

    `effects` are those of a deploy to Azure, None on this machine.
    """

    service: str
    target: str
    steps: tuple[Step, ...]
    effects: Effects | None = None

    @property
    def keeps_service(self) -> bool:
        return any(step.action == "keep" for step in self.steps)

    def require_overwrite(self, given: bool) -> None:
        """Raises ConflictError where there is such a service and it may not be overwritten."""
        if not given and all(step.action not in _MAKING for step in self.steps):
            raise ConflictError(
                f"a service named {self.service!r} exists", hint="add `--overwrite` to replace it"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What is there now: the parts of the deployed revision, its port, and whether it serves."""

    parts: Mapping[str, str]
    port: int
    healthy: bool
    runtime: Runtime = "process"


def make_plan(wanted: Wanted, *, environment_exists: bool, present: Present | None) -> Plan:
    """Compares what is wanted with what is there, None where there is no such service."""
    changed = _changes(wanted, present) if present else []
    subject = f"service {wanted.name}"
    if present and present.healthy and not changed:
        keep = Step(action="keep", subject=subject, cause="nothing changed")
        return Plan(service=wanted.name, target="local", steps=(keep,))
    environment = _environment_steps(wanted.environment, exists=environment_exists)
    if present is None:
        run = Step(action="start", subject=subject, cause="there is no service of that name")
    else:
        cause = f"changed: {', '.join(changed)}" if changed else "it is not running"
        run = Step(action="replace", subject=subject, cause=cause)
    return Plan(
        service=wanted.name, target="local", steps=(*environment, *_content_steps(wanted), run)
    )


def _content_steps(wanted: Wanted) -> list[Step]:
    verb: Action = "unpack" if wanted.runtime == "process" else "mount"
    steps = [
        Step(action=verb, subject=f"model {model.id}", cause=f"{model.size:,} bytes")
        for model in wanted.models
    ]
    steps.append(Step(action="copy", subject="code", cause=f"from {wanted.code.path}"))
    if wanted.runtime == "container" and wanted.base:
        steps.append(Step(action="make", subject="image", cause=f"on {wanted.base.name}"))
    return steps


def _environment_steps(request: EnvironmentRequest, *, exists: bool) -> list[Step]:
    step = (
        Step(action="reuse", subject=request.title, cause="it has been made before")
        if exists
        else Step(action="make", subject=request.title, cause="it is not on this machine yet")
    )
    if not request.azureml_replaced:
        return [step]
    cause = "by the pinned serving stack; --full-azureml keeps it"
    return [Step(action="replace", subject="azureml-defaults", cause=cause), step]


def _changes(wanted: Wanted, present: Present) -> list[str]:
    parts = wanted.parts()
    changed = [part for part in PARTS if present.parts.get(part) != parts[part]]
    if wanted.runtime != present.runtime:
        changed.append("runtime")
    return [*changed, "port"] if wanted.port not in (None, present.port) else changed
