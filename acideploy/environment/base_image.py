"""Which image lies below, and which Python of it runs the service."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acideploy.config.values import Environment
from acideploy.disk import storage_error
from acideploy.environment.request import EnvironmentRequest
from acideploy.image.contents import ENVIRONMENT

# Small, with glibc 2.35 and the C++ library that wheels need.
_DEFAULT = "mcr.microsoft.com/mirror/docker/library/ubuntu:22.04"
# The same, with the Python that is asked for.
_WITH_PYTHON = "docker.io/library/python:{version}-slim-bookworm"

# The interpreter of conda, in the layers above it.
_CONDA_PYTHON = f"{ENVIRONMENT}/bin/python"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseImage:
    """`python` is a path in the image or a name on its PATH.

    `has_packages` says that the image has every package that the service needs. `dockerfile` is
    what the image has to be built of first, None for one that a registry has. `username` and
    `password` are those of `registry`.
    """

    name: str
    python: str
    has_packages: bool = False
    dockerfile: str | None = None
    registry: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` makes the same of; the login is left out."""
        return {
            "name": self.name,
            "python": self.python,
            "has_packages": self.has_packages,
            "dockerfile": self.dockerfile,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> BaseImage:
        return cls(
            name=fields["name"],
            python=fields["python"],
            has_packages=fields["has_packages"],
            dockerfile=fields.get("dockerfile"),
        )


def base_image_of(environment: Environment, request: EnvironmentRequest) -> BaseImage:
    """What an environment asks for, else the default. Raises StorageError."""
    registry = environment.base_image_registry
    default = _DEFAULT if request.conda else _WITH_PYTHON.format(version=request.python)
    name = environment.base_image or default
    if environment.base_image and registry and registry.address:
        name = f"{registry.address}/{name.removeprefix(f'{registry.address}/')}"
    dockerfile = environment.base_dockerfile
    if steps := environment.extra_dockerfile_steps:
        dockerfile = f"FROM {name}\n{_read(steps)}"
    own = environment.user_managed
    if own:
        python = environment.interpreter_path
    else:
        python = _CONDA_PYTHON if request.conda else f"python{request.python}"
    return BaseImage(
        name=_built_name(dockerfile) if dockerfile else name,
        python=python,
        has_packages=own,
        dockerfile=dockerfile,
        registry=registry.address if registry else None,
        username=registry.username if registry else None,
        password=registry.password if registry else None,
    )


def _built_name(dockerfile: str) -> str:
    """Names an image by what it is built of; no registry has it under that name."""
    return f"localhost/dockerfile:{hashlib.sha256(dockerfile.encode()).hexdigest()[:12]}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise storage_error("read", path, error) from error
