"""What a user asks for, as typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from acideploy.config.values import Override
from acideploy.image import Compression


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationFiles:
    """The two files and the flags that override them. Either file may be missing.

    `python` replaces the version that the conda file asks for; `full_azureml` keeps
    `azureml-defaults` as it is. `no_conda` takes nothing from conda channels, and `lock` is the
    file with what is to be installed.
    """

    inference_config: Path | None = None
    deployment_config: Path | None = None
    inference_overrides: Sequence[Override] = ()
    deployment_overrides: Sequence[Override] = ()
    environment_directory: Path | None = None
    python: str | None = None
    full_azureml: bool = False
    no_conda: bool = False
    lock: Path | None = None
    strict: bool = False

    @property
    def say_what_runs(self) -> bool:
        return bool(self.inference_config or self.inference_overrides or self.environment_directory)

    @property
    def say_where(self) -> bool:
        return bool(self.deployment_config or self.deployment_overrides)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRequest:
    """One `model deploy`. `models` are as typed: `name:version` or `name`.

    `sample` is the body of the request that a rehearsal sends.
    """

    name: str
    models: Sequence[str] = ()
    model_metadata_files: Sequence[Path] = ()
    files: ConfigurationFiles = ConfigurationFiles()
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    compression: Compression = "none"
    overwrite: bool = False
    no_wait: bool = False
    rehearse: bool = False
    sample: bytes | None = None


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
    compression: Compression = "none"
    no_wait: bool = False


@dataclass(frozen=True, slots=True)
class ToArchive:
    """A tar file that `docker load` takes."""

    file: Path


@dataclass(frozen=True, slots=True)
class ToLayout:
    """An OCI image layout directory."""

    directory: Path


@dataclass(frozen=True, slots=True)
class ToContext:
    """A folder with a Dockerfile, as the retired `--output-path` wrote."""

    folder: Path


# None is a registry: that of the image's name, else the workspace's.
Destination: TypeAlias = ToArchive | ToLayout | ToContext | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRequest:
    """What `model package` asks for. Without a label, the image's digest is its label."""

    files: ConfigurationFiles
    models: Sequence[str] = ()
    model_metadata_files: Sequence[Path] = ()
    image_name: str = "package"
    image_label: str | None = None
    destination: Destination = None
    compression: Compression = "none"
