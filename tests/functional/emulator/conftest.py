"""Emulators for tests: with time that does not wait, and with time that stands still.

Whatever a test asks, the answers are held against the services' OpenAPI files where these are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from acideploy.emulator.clock import ManualClock
from tests.emulated import START, Emulated, emulated


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Emulated]:
    """An emulator of the test's own, without Azure's delays."""
    with emulated(tmp_path / "emulator") as running:
        yield running
    assert running.broken == []


@pytest.fixture
def still(tmp_path: Path) -> Iterator[Emulated]:
    """An emulator whose time moves only when the test says so."""
    with emulated(tmp_path / "emulator", clock=ManualClock(START)) as running:
        yield running
    assert running.broken == []
