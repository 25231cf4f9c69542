"""The name of an image, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from acideploy.emulator.aci.runtime import Image

_NAME = re.compile(
    r"(?P<server>(?:localhost|127\.0\.0\.1):\d+)/(?P<repository>[^:@]+)"
    r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An image of a registry on this machine. `version` is a tag or a digest."""

    server: str
    repository: str
    version: str

    def name_of(self, digest: str) -> str:
        return f"{self.server}/{self.repository}@{digest}"


def local_reference(name: str) -> Reference | None:
    """None for an image of a registry elsewhere."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    return Reference(
        server=found["server"],
        repository=found["repository"],
        version=found["digest"] or found["tag"] or "latest",
    )


def loaded_name(image: Image) -> str:
    """The tag of an image that was loaded: engines then know no digest of its manifest."""
    return image.pinned.replace("@sha256:", ":sha256-")
