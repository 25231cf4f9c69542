"""Model stores of every kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.models import ModelStore
from acideploy.models.registry_store import RegistryModelStore
from acideploy.models.store import LayoutModelStore
from acideploy.registry.acr import AcrRegistry
from tests.parts.acr import RunningAcr
from tests.parts.registry import RunningRegistry
from tests.registries import owner


def acr_store(part: RunningAcr) -> RegistryModelStore:
    opened = AcrRegistry(part.host, login=owner, clock=SystemClock())
    return RegistryModelStore(opened, clock=SystemClock())


@pytest.fixture(params=["layout", "docker-registry", "acr"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ModelStore:
    """Each kind of store in turn, empty."""
    clock = SystemClock()
    match request.param:
        case "layout":
            return LayoutModelStore(tmp_path / "store", clock=clock)
        case "docker-registry":
            part: RunningRegistry = request.getfixturevalue("own_registry")
            return RegistryModelStore(AcrRegistry(part.host, clock=clock), clock=clock)
        case _:
            return acr_store(request.getfixturevalue("own_acr"))
