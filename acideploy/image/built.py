"""Base images that a Dockerfile makes. Its steps have to be run, which making layers does not do.

An image is made of a Dockerfile once: the registry has it from then on, by what the file says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from acideploy.environment.base_image import BaseImage
from acideploy.events import Emit
from acideploy.image import Base
from acideploy.image.read import find_base, place_of
from acideploy.image.reference import parse_image_reference
from acideploy.registry import Registry


class Builder(Protocol):
    """Runs Dockerfiles that need no files of their own, for linux/amd64."""

    def build(self, base: BaseImage, *, repository: str, tag: str, emit: Emit) -> None:
        """Sees that the registry has what `base.dockerfile` makes, as `repository:tag`.

        Raises EngineError: with the ways that are left where nothing can run one now, and with what
        was printed last where a step fails.
        """


def ensure_built(
    base: BaseImage, *, builder: Callable[[], Builder], registry: Registry, emit: Emit
) -> Base:
    """The image of `base.dockerfile`, in `registry`: built where it is not there yet.

    Raises EngineError, RegistryError, UnsupportedError.
    """
    name = parse_image_reference(base.name)
    if found := find_base(name, registry=registry):
        return found
    repository, tag = place_of(name)
    builder().build(base, repository=repository, tag=tag, emit=emit)
    built = find_base(name, registry=registry)
    assert built is not None
    return built
