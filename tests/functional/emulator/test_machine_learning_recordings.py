"""What was once asked of Azure Machine Learning, asked of the emulator."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import ROOT
from tests.emulated import Emulated, emulated
from tests.environments import unavailable

WORKSPACE = (
    "resourceGroups/emulator/providers/Microsoft.MachineLearningServices/workspaces/emulator"
)
FOLDER = Path(os.environ.get("ACIDEPLOY_RECORDINGS", ROOT.parent / "shared" / "recordings"))
RECORDINGS = sorted(FOLDER.glob("aml-*.jsonl"))
# Whether there is more depends on what else was in that workspace.
BY_CHANCE = {"nextLink"}


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[Emulated]:
    with emulated(tmp_path / "emulator", seeded=True) as running:
        yield running


def _exchanges(path: Path) -> Iterator[tuple[str, str, Any, dict[str, Any]]]:
    """Method, path below the workspace, body and recorded exchange; without those with blobs."""
    for line in path.read_text().splitlines():
        recorded = json.loads(line)
        url = urlsplit(recorded["url"])
        if url.hostname != "management.azure.com" or "/workspaces/" not in url.path:
            continue
        below = url.path.partition("/workspaces/")[2].partition("/")[2]
        query = url.query.replace("api-version=0000-00-00", "api-version=2023-08-01-preview")
        yield recorded["method"], f"{below}?{query}", recorded["request"] or None, recorded


def _shape(value: object) -> object:
    """Keys in their order, and of what kind the values are; of a list the first entry."""
    if isinstance(value, dict):
        return [(name, _shape(each)) for name, each in value.items() if name not in BY_CHANCE]
    if isinstance(value, list):
        return [_shape(each) for each in value[:1]]
    return type(value).__name__


def _prepare(azure: Emulated, exchanges: list[tuple[str, str, Any, dict[str, Any]]]) -> None:
    """Registers the versions that the recording did not make, as far as its answers tell."""
    seen: dict[str, tuple[str, str, Any]] = {}
    for method, path, _, recorded in exchanges:
        shown = recorded["response"]
        for each in shown.get("value", [shown]):
            model = path.partition("?")[0].partition("/versions")[0]
            if "modelUri" in each.get("properties", {}):
                is_new = method == "PUT" and recorded["status"] == 201
                made = "" if is_new else each["systemData"]["createdAt"]
                target = f"{WORKSPACE}/{model}/versions/{each['name']}"
                seen.setdefault(target, (made, target, each["properties"]))
    for made, target, properties in sorted(seen.values(), key=lambda each: each[:2]):
        if made:
            body = {"properties": properties}
            answer = azure.arm("PUT", target, body, version="2023-08-01-preview")
            assert answer.status == 201, answer.body


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_the_emulator_answers_as_the_service_did(seeded: Emulated, path: Path) -> None:
    exchanges = list(_exchanges(path))
    _prepare(seeded, exchanges)
    different = []
    for method, below, body, recorded in exchanges:
        answer = seeded.arm(method, f"{WORKSPACE}/{below}".replace(" ", "%20"), body)
        expected = (recorded["status"], _shape(recorded["response"]))
        seen = (answer.status, _shape(answer.json))
        missing = set(recorded["headers"]) - set(answer.headers)
        if seen != expected or missing:
            different.append((method, below, expected, seen, missing))
    assert not different


def test_there_are_recordings() -> None:
    if not RECORDINGS:
        unavailable(f"no recordings of Azure Machine Learning at {FOLDER} (ACIDEPLOY_RECORDINGS)")
