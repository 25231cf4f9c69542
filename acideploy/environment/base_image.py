"""Which image lies below, and which Python of it runs the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from acideploy.config.values import Environment
from acideploy.environment.request import EnvironmentRequest

# Small, with glibc, and with the Python that is asked for.
_DEFAULT = "docker.io/library/python:{version}-slim-bookworm"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseImage:
    """`python` is a path in the image or a name on its PATH.

    `has_packages` says that the image has every package that the service needs.
    """

    name: str
    python: str
    has_packages: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` makes the same of; the login is left out."""
        return {"name": self.name, "python": self.python, "has_packages": self.has_packages}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> BaseImage:
        return cls(
            name=fields["name"], python=fields["python"], has_packages=fields["has_packages"]
        )


def base_image_of(environment: Environment, request: EnvironmentRequest) -> BaseImage:
    """What an environment asks for, else the default for its Python version."""
    registry = environment.base_image_registry
    name = environment.base_image or _DEFAULT.format(version=request.python)
    if environment.base_image and registry and registry.address:
        name = f"{registry.address}/{name.removeprefix(f'{registry.address}/')}"
    own = environment.user_managed
    return BaseImage(
        name=name,
        python=environment.interpreter_path if own else f"python{request.python}",
        has_packages=own,
        username=registry.username if registry else None,
        password=registry.password if registry else None,
    )
