"""The facade: everything a user can ask for, and the only place that puts the parts together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from acideploy.config.problem import Problem
from acideploy.config.values import Override
from acideploy.events import Emit, ignore
from acideploy.models import Model, ModelChanges, ModelDraft
from acideploy.plan import Plan
from acideploy.targets import Answer, Keys, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationFiles:
    """The two files and the flags that override them. Either file may be missing."""

    inference_config: Path | None = None
    deployment_config: Path | None = None
    inference_overrides: Sequence[Override] = ()
    deployment_overrides: Sequence[Override] = ()
    environment_directory: Path | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRequest:
    """One `model deploy`. `models` are as typed: `name:version` or `name`."""

    name: str
    models: Sequence[str] = ()
    model_metadata_files: Sequence[Path] = ()
    files: ConfigurationFiles = ConfigurationFiles()
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    overwrite: bool = False
    no_wait: bool = False
    full_azureml: bool = False
    python: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRequest:
    """One `service update`. None and empty leave things as they are."""

    name: str
    models: Sequence[str] = ()
    model_metadata_files: Sequence[Path] = ()
    files: ConfigurationFiles = ConfigurationFiles()
    add_tags: Mapping[str, str] = field(default_factory=dict)
    remove_tags: Sequence[str] = ()
    add_properties: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    no_wait: bool = False


class Workspace:
    """The local workspace: models and services under one directory."""

    # -- checking
    def check(self, files: ConfigurationFiles, *, models: Sequence[str] = ()) -> tuple[Problem, ...]: ...

    # -- models
    def register_model(self, path: Path, draft: ModelDraft) -> Model: ...
    def list_models(self, name: str | None = None) -> tuple[Model, ...]: ...
    def show_model(self, reference: str) -> Model: ...
    def update_model(self, reference: str, changes: ModelChanges) -> Model: ...
    def delete_model(self, reference: str) -> Model: ...
    def download_model(self, reference: str, directory: Path, *, overwrite: bool = False) -> Path: ...

    # -- services
    def plan(self, request: DeployRequest) -> Plan: ...
    def deploy(self, request: DeployRequest) -> Service: ...
    def list_services(self) -> tuple[Service, ...]: ...
    def show_service(self, name: str) -> Service: ...
    def update_service(self, request: UpdateRequest) -> Service: ...
    def score(self, name: str, body: bytes) -> Answer: ...
    def logs(self, name: str, *, lines: int = 5000, previous: bool = False) -> str: ...
    def follow_logs(self, name: str, *, lines: int = 10) -> Iterator[str]: ...
    def keys(self, name: str) -> Keys: ...
    def regenerate_key(self, name: str, *, which: str, value: str | None = None) -> Keys: ...
    def stop_service(self, name: str) -> Service: ...
    def start_service(self, name: str) -> Service: ...
    def restart_service(self, name: str) -> Service: ...
    def delete_service(self, name: str) -> None: ...


def open_workspace(*, emit: Emit = ignore) -> Workspace:
    """Opens the workspace that the environment names: `ACIDEPLOY_HOME`, else the user's state directory."""
    raise AssertionError
