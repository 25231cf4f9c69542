from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parts.fixtures import started
from tests.parts.registry import RunningRegistry, registry


@pytest.fixture
def plain_registry() -> Iterator[RunningRegistry]:
    """A registry that no other test puts anything in, without TLS: quick, behind a proxy."""
    with started(registry(tls=False)) as part:
        yield part
