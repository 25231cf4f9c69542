"""Fixtures for the parts: made once for all tests, or afresh where a test changes them.

Tests share a registry and the engines: each uses repositories and names of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

import pytest

from tests.environments import unavailable
from tests.parts import MissingPartError
from tests.parts.acr import RunningAcr, acr
from tests.parts.base_image import GLIBC_RECIPE, BaseImage, base_image
from tests.parts.conda_channel import CondaChannel, conda_channel
from tests.parts.engine import docker_engine, podman_engine
from tests.parts.proxy import RunningProxy, proxy
from tests.parts.registry import RunningRegistry, registry

ENGINES = {"docker_part", "podman_part", "engine_part"}
Part = TypeVar("Part")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Has one worker run all tests with an engine, so that each is started once."""
    for item in items:
        if ENGINES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("engine"))


@pytest.fixture(scope="session")
def registry_part() -> Iterator[RunningRegistry]:
    """A registry with TLS, that all tests share."""
    with started(registry()) as part:
        yield part


@pytest.fixture
def proxy_part(registry_part: RunningRegistry) -> Iterator[RunningProxy]:
    """A proxy of the test's own before the shared registry."""
    with proxy(registry_part) as part:
        yield part


@pytest.fixture
def acr_part(registry_part: RunningRegistry) -> Iterator[RunningAcr]:
    """The shared registry in the dress of Azure's, with tokens and locks of the test's own."""
    with acr(registry_part) as part:
        yield part


@pytest.fixture(scope="session")
def docker_part() -> Iterator[str]:
    """The `DOCKER_HOST` of a Docker engine."""
    with started(docker_engine()) as part:
        yield part


@pytest.fixture(scope="session")
def podman_part() -> Iterator[str]:
    """The `DOCKER_HOST` of a Podman service."""
    with started(podman_engine()) as part:
        yield part


@pytest.fixture(params=["docker", "podman"])
def engine_part(request: pytest.FixtureRequest) -> str:
    """The `DOCKER_HOST` of each engine in turn."""
    host = request.getfixturevalue(f"{request.param}_part")
    assert isinstance(host, str)
    return host


@pytest.fixture(scope="session")
def base_image_part() -> BaseImage:
    """A base image with Python."""
    return _made(base_image)


@pytest.fixture(scope="session")
def glibc_image_part() -> BaseImage:
    """A base image with glibc, and nothing else to run."""
    return _made(lambda: base_image(GLIBC_RECIPE))


@pytest.fixture(scope="session")
def conda_channel_part() -> CondaChannel:
    """A conda channel of real packages."""
    return _made(conda_channel)


@contextlib.contextmanager
def started(part: AbstractContextManager[Part]) -> Iterator[Part]:
    """A part, started. The test is skipped without it, or fails where every part is expected."""
    with contextlib.ExitStack() as stack:
        try:
            running = stack.enter_context(part)
        except MissingPartError as error:
            unavailable(str(error))
        yield running


def _made(make: Callable[[], Part]) -> Part:
    try:
        return make()
    except MissingPartError as error:
        return unavailable(str(error))
