"""Names of images, as users of docker write them.

https://pkg.go.dev/github.com/distribution/reference: `python:3.11` is
`docker.io/library/python:3.11`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from acideploy.config.problem import Problem
from acideploy.errors import ConfigurationError

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_DOCKER_HUB = "docker.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReference:
    """`host/repository:tag`, or with a digest, which wins over a tag."""

    host: str
    repository: str
    tag: str = "latest"
    digest: str | None = None

    @property
    def reference(self) -> str:
        """What to ask the registry for."""
        return self.digest or self.tag

    @property
    def endpoint(self) -> str:
        """The host that answers for the registry."""
        return "registry-1.docker.io" if self.host == _DOCKER_HUB else self.host

    def __str__(self) -> str:
        rest = f"@{self.digest}" if self.digest else f":{self.tag}"
        return f"{self.host}/{self.repository}{rest}"


def parse_image_reference(text: str, *, registry: str | None = None) -> ImageReference:
    """Reads an image's name. `registry` is the host where it names none.

    Raises ConfigurationError.
    """
    name, _, digest = text.strip().partition("@")
    first, slash, rest = name.partition("/")
    named = bool(slash) and ("." in first or ":" in first or first == "localhost")
    host, path = (first, rest) if named else (registry or _DOCKER_HUB, name)
    repository, colon, tag = path.rpartition(":")
    if not colon:
        repository, tag = path, "latest"
    if host == _DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    if not (
        _HOST.fullmatch(host)
        and _REPOSITORY.fullmatch(repository)
        and _TAG.fullmatch(tag)
        and (not digest or _DIGEST.fullmatch(digest))
    ):
        raise ConfigurationError([_not_an_image(text)])
    return ImageReference(host=host, repository=repository, tag=tag, digest=digest or None)


def _not_an_image(text: str) -> Problem:
    return Problem(
        code="bad-image-name",
        severity="error",
        message=f"{text!r} is not the name of an image",
        hint="write it as docker does: mcr.microsoft.com/azureml/minimal-ubuntu22.04-py39-cpu",
    )
