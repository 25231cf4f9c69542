"""The emulator beside Azure: recorded traffic of the real services, asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.environments import unavailable
from tests.replay.allowed import ALLOWED, allowance
from tests.replay.player import play
from tests.replay.recording import directory

_FILES = sorted(directory().glob("*.jsonl")) or [Path("none")]


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.stem)
def test_the_emulator_answers_as_azure_did(path: Path, tmp_path: Path) -> None:
    if not path.is_file():
        unavailable(f"no recordings at {directory()} (set ACIDEPLOY_RECORDINGS)")
    unexplained = [str(each) for each in play(path, tmp_path) if allowance(each) is None]
    assert unexplained == []


def test_every_allowed_difference_has_a_reason() -> None:
    assert [allowed for allowed in ALLOWED if len(allowed.reason) < 20] == []
