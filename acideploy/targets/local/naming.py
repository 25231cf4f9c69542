"""What containers and images of services are called, so that they are known again.

Two workspaces may have services of one name: what is theirs bears a hash of their directory.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from acideploy.image import Image

# A registry that is none: no engine takes the name for one of Docker Hub's.
_REPOSITORY = "localhost/acideploy"


def container_name(revision: Path) -> str:
    """Of the revision whose folder this is: `acideploy-<service>-<number>-<workspace>`."""
    service = revision.parents[1]
    return f"acideploy-{service.name}-{revision.name}-{_workspace(service)}"


def labels(revision: Path) -> dict[str, str]:
    service = revision.parents[1]
    return {**service_labels(service), "acideploy.revision": revision.name}


def service_labels(service: Path) -> dict[str, str]:
    """On every container of the service with this folder."""
    return {**workspace_labels(service.parent), "acideploy.service": service.name}


def workspace_labels(services: Path) -> dict[str, str]:
    return {"acideploy.workspace": str(services.absolute())}


def image_name(service: Path, image: Image) -> str:
    """`localhost/acideploy/<service>:<workspace>-<image>`."""
    return f"{image_prefix(service)}{image.id.removeprefix('sha256:')[:12]}"


def image_prefix(service: Path) -> str:
    """What the names of all images of the service begin with."""
    return f"{_REPOSITORY}/{service.name}:{_workspace(service)}-"


def is_image_of(name: str, services: Path) -> bool:
    """Whether it is one of the workspace with this folder of services."""
    repository, _, tag = name.rpartition(":")
    return repository.startswith(f"{_REPOSITORY}/") and tag.startswith(f"{_hash(services)}-")


def _workspace(service: Path) -> str:
    return _hash(service.parent)


def _hash(services: Path) -> str:
    return hashlib.sha256(str(services.absolute()).encode()).hexdigest()[:8]
