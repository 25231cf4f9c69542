"""Runs command lines in this process, on a fake workspace."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from acideploy.api import Workspace
from acideploy.attachment import AzureChoice
from acideploy.cli.root import run
from acideploy.events import Emit
from tests.unit.cli.fake_workspace import FakeWorkspace, Outcome, RunCli


@pytest.fixture
def workspace() -> FakeWorkspace:
    return FakeWorkspace()


@pytest.fixture
def cli(workspace: FakeWorkspace, capsys: pytest.CaptureFixture[str]) -> RunCli:
    """Runs a line, and further words behind it, on the fake workspace."""

    def opener(
        *, registry: str | None, azure: Mapping[str, str], path: Path | None, emit: Emit
    ) -> Workspace:
        workspace.emit = emit
        if "resource_group" in azure:
            workspace.azure_choice = AzureChoice(
                subscription=azure.get("subscription", "sub"),
                resource_group=azure["resource_group"],
                workspace_name=azure.get("workspace_name"),
            )
        workspace.opened = {"registry": registry, "azure": azure, "path": path}
        return workspace

    def cli(line: str, *words: str) -> Outcome:
        code = run([*shlex.split(line), *words], opener=opener)
        printed = capsys.readouterr()
        return Outcome(code=code, out=printed.out, err=printed.err)

    return cli
