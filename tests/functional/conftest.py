"""What tests with real registries share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.parts.acr import RunningAcr, acr
from tests.parts.fixtures import started
from tests.parts.registry import RunningRegistry, registry
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with all that a model may have in it."""
    folder = tmp_path / "model"
    (folder / "sub" / "empty").mkdir(parents=True)
    (folder / "weights.bin").write_bytes(os.urandom(3_000_000))
    (folder / "sub" / "größe ☃.txt").write_text("text")
    (folder / "sub" / ("long" * 50)).write_text("a long name")
    (folder / "nothing").touch()
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o700)
    (folder / "latest").symlink_to("weights.bin")
    (folder / "sub" / "up").symlink_to("../sub")
    return folder


@pytest.fixture
def own_registry(trust: Trust) -> Iterator[RunningRegistry]:
    """A registry that no other test puts anything in."""
    with started(registry()) as part:
        trust(part)
        yield part


@pytest.fixture
def own_acr(trust: Trust) -> Iterator[RunningAcr]:
    """One that answers as Azure's does, of the test's own.

    What it stands before has no TLS, which is quicker.
    """
    with started(registry(tls=False)) as part, acr(part) as dressed:
        trust(dressed)
        yield dressed
