"""What a revision is made to run from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from acideploy.environment.local import LocalEnvironment
from acideploy.image import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSource:
    """Where an engine can pull the image from: `<registry>/<repository>@<digest>`."""

    reference: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceImage:
    """An image for a container, and where else it is."""

    image: Image
    source: ImageSource | None = None


Runnable: TypeAlias = LocalEnvironment | ServiceImage
