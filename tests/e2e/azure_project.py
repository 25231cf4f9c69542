"""The emulator, and a project whose folder is attached to its workspace: as fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.emulator_command import StartedEmulator, emulator
from tests.parts.base_image import BaseImage, push
from tests.parts.registry import RunningRegistry

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

PYTHON = "3.11"


@pytest.fixture
def azure(
    tmp_path: Path,
    docker_part: str,
    registry_part: RunningRegistry,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[StartedEmulator]:
    # The registry of base images is to be trusted beside the emulator's own parts.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(registry_part.ca))
    with emulator(tmp_path / "emulator", "--engine", docker_part) as running:
        yield running


@pytest.fixture
def project(
    workspace: Workspace,
    azure: StartedEmulator,
    registry_part: RunningRegistry,
    base_image_part: BaseImage,
) -> Workspace:
    """A project whose folder is attached to the emulator's workspace."""
    push(base_image_part, registry_part, "base/python", tag=PYTHON)
    dependencies = [f"python={PYTHON}", {"pip": ["azureml-defaults"]}]
    inference = {
        "entryScript": "score.py",
        "environment": {
            "docker": {"baseImage": f"{registry_part.host}/base/python:{PYTHON}"},
            "python": {"condaDependencies": {"dependencies": dependencies}},
        },
    }
    workspace.write("inference.json", inference)
    requirements = {"cpu": 0.5, "memoryInGB": 0.5}
    workspace.write(
        "deployment.json", {"computeType": "ACI", "containerResourceRequirements": requirements}
    )
    attached = replace(
        workspace,
        variables={**workspace.variables, **azure.variables, "ACIDEPLOY_NO_CONDA": "1"},
    )
    attached.run("folder", "attach", "-w", "emulator", "-g", "emulator")
    return attached
