"""What the user's configuration says, once read and checked.

Every path is absolute. `None` means "not given": the target applies its own default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from acideploy.config.problem import Place

# What a local service runs in; `auto` is a container where an engine answers.
Runtime: TypeAlias = Literal["container", "process"]
DnsScope: TypeAlias = Literal[
    "unsecure", "tenantReuse", "subscriptionReuse", "resourceGroupReuse", "noReuse"
]
RuntimeChoice: TypeAlias = Literal["container", "process", "auto"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One line of a conda file as the user wrote it: `scikit-learn==0.22`, `numpy=1.18`."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaEnvironment:
    """A conda file or inline `condaDependencies`.

    `python` is the line that asks for the interpreter: `python=3.8`, `python>=3.7`. `packages` are
    the other conda packages, `pip` the lines for pip, options such as `--index-url` among them.
    """

    place: Place
    name: str | None = None
    channels: tuple[str, ...] = ()
    python: Requirement | None = None
    packages: tuple[Requirement, ...] = ()
    pip: tuple[Requirement, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseImageRegistry:
    address: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Interpreter, packages, base image and variables.

    `details` is the environment object as JSON, for the `environmentDetails` of results.
    """

    name: str | None = None
    version: str | None = None
    conda: CondaEnvironment | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    user_managed: bool = False
    interpreter_path: str = "python"
    base_image: str | None = None
    base_image_registry: BaseImageRegistry | None = None
    base_dockerfile: str | None = None
    extra_dockerfile_steps: Path | None = None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceConfig:
    """What runs. Without a source directory, the entry script alone is deployed."""

    entry_script: Path
    source_directory: Path | None = None
    environment: Environment | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What the web server in front of the script does, whatever runs it.

    `ssl_certificate` and `ssl_key` are PEM files.
    """

    auth_enabled: bool | None = None
    primary_key: str | None = field(default=None, repr=False)
    secondary_key: str | None = field(default=None, repr=False)
    ssl_enabled: bool | None = None
    ssl_certificate: Path | None = None
    ssl_key: Path | None = None
    cname: str | None = None
    app_insights_enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`cpu` in cores, `memory_in_gb` in GiB. None is no limit."""

    cpu: float | None = None
    memory_in_gb: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDeployment:
    """This machine. `port` None takes a free one. `limits` mean nothing to a process."""

    runtime: RuntimeChoice | None = None
    port: int | None = None
    limits: Limits = Limits()
    serving: Serving = Serving()


@dataclass(frozen=True, slots=True, kw_only=True)
class AciDeployment:
    """Azure Container Instances. `cpu` in cores, `memory_in_gb` in GiB.

    `places` says where each value is given, by its dotted key.
    """

    cpu: float | None = None
    memory_in_gb: float | None = None
    location: str | None = None
    dns_name_label: str | None = None
    dns_name_label_scope: DnsScope | None = None
    vnet_name: str | None = None
    subnet_name: str | None = None
    vault_base_url: str | None = None
    key_name: str | None = None
    key_version: str | None = None
    collect_model_data: bool | None = None
    serving: Serving = Serving()
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AksDeployment:
    """Read and checked, and never deployed. `values` maps the file's dotted keys to values."""

    compute_type: str
    values: Mapping[str, object] = field(default_factory=dict)


DeploymentConfig: TypeAlias = LocalDeployment | AciDeployment | AksDeployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A value that a flag gave. `key` is dotted: `containerResourceRequirements.cpu`."""

    key: str
    value: object
    flag: str
