"""The same registry port, three times: docker's own, one that answers as Azure's, a directory."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.registry import Registry
from acideploy.registry.acr import AcrRegistry
from acideploy.registry.directory import DirectoryRegistry
from acideploy.registry.layout import ImageLayout
from tests.functional.conftest import Trust
from tests.parts.acr import RunningAcr
from tests.parts.registry import RunningRegistry
from tests.registries import InstantClock, owner


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A registry, and where it keeps the bytes of a blob."""

    registry: Registry
    path_of: Callable[[str], Path]


@pytest.fixture
def repository() -> str:
    """Of the test's own."""
    return f"contract/{uuid.uuid4().hex}"


@pytest.fixture(params=["docker-registry", "acr", "directory"])
def kept(request: pytest.FixtureRequest) -> Kept:
    """Each kind of registry in turn."""
    kept: Kept = request.getfixturevalue(f"kept_in_{request.param.replace('-', '_')}")
    return kept


@pytest.fixture
def kept_in_docker_registry(
    registry_part: RunningRegistry, trust: Trust, clock: InstantClock
) -> Kept:
    trust(registry_part)
    opened = AcrRegistry(registry_part.host, clock=clock)
    return Kept(registry=opened, path_of=registry_part.blob_path)


@pytest.fixture
def kept_in_acr(acr_part: RunningAcr, trust: Trust, clock: InstantClock) -> Kept:
    trust(acr_part)
    opened = AcrRegistry(acr_part.host, login=owner, clock=clock)
    return Kept(registry=opened, path_of=acr_part.registry.blob_path)


@pytest.fixture
def kept_in_directory(tmp_path: Path) -> Kept:
    # Its lock is waited for in real time.
    opened = DirectoryRegistry(ImageLayout(tmp_path / "layout", clock=SystemClock()))
    blobs = tmp_path / "layout" / "blobs"
    return Kept(registry=opened, path_of=lambda digest: blobs / digest.replace(":", "/"))


@pytest.fixture
def registry(kept: Kept) -> Registry:
    return kept.registry
