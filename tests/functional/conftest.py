"""What tests with real registries share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from tests.registries import InstantClock


class Certified(Protocol):
    """A part that is reached over TLS."""

    @property
    def ca(self) -> Path: ...


Trust = Callable[[Certified], None]


@pytest.fixture
def clock() -> InstantClock:
    return InstantClock()


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Trust:
    """Has clients trust the certificate authority of a part, and no other."""
    return lambda part: monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(part.ca))
