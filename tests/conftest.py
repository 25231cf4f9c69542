"""What every kind of test may need."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytest_plugins = ["tests.parts.fixtures"]


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real files of the retired tool's users, with what that tool made of them.

    They are no part of this repository. `ACIDEPLOY_CORPUS` says where they are.
    """
    given = os.environ.get("ACIDEPLOY_CORPUS")
    path = Path(given) if given else ROOT.parent / "shared" / "corpus"
    if not (path / "oracle").is_dir():
        reason = f"no corpus of real configuration files at {path} (set ACIDEPLOY_CORPUS)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path.resolve()
