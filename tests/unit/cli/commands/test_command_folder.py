from __future__ import annotations

import json
from pathlib import Path

import pytest

from acideploy.attachment import Attachment, find_attachment
from tests.unit.cli.fake_workspace import FakeWorkspace, RunCli


def test_a_folder_is_attached_and_what_its_file_said_stays(cli: RunCli, tmp_path: Path) -> None:
    file = tmp_path / ".azureml" / "config.json"
    file.parent.mkdir()
    file.write_text('{"workspace_name": "ws"}')
    outcome = cli(f"folder attach --path {tmp_path} --registry contoso.azurecr.io")
    assert json.loads(outcome.out) == {"registry": "contoso.azurecr.io", "file": str(file)}
    written = {"workspace_name": "ws", "registry": "contoso.azurecr.io"}
    assert json.loads(file.read_text()) == written


def test_the_folders_below_are_attached_too(cli: RunCli, tmp_path: Path) -> None:
    cli(f"folder attach --path {tmp_path} --registry contoso.azurecr.io")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    origin = str(tmp_path / ".azureml" / "config.json")
    assert find_attachment(below) == Attachment(registry="contoso.azurecr.io", origin=origin)


def test_a_damaged_file_is_named_and_left_alone(cli: RunCli, tmp_path: Path) -> None:
    file = tmp_path / ".azureml" / "config.json"
    file.parent.mkdir()
    file.write_text("{")
    outcome = cli(f"folder attach --path {tmp_path} --registry contoso.azurecr.io")
    assert (outcome.code, file.read_text()) == (3, "{")
    assert str(file) in outcome.err


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("folder attach", 2, "missing option '--registry'"),
        ("folder attach -w ws -g rg -e exp", 12, "cannot be attached yet"),
    ],
)
def test_only_a_registry_can_be_attached(cli: RunCli, line: str, code: int, said: str) -> None:
    outcome = cli(line)
    assert outcome.code == code
    assert said in outcome.err


def test_the_registry_that_is_named_is_opened(cli: RunCli, workspace: FakeWorkspace) -> None:
    cli("model list --registry contoso.azurecr.io --path project")
    assert workspace.opened == {"registry": "contoso.azurecr.io", "path": Path("project")}


def test_the_workspace_says_where_its_registry_is_named(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    workspace.attachment = Attachment(registry="contoso.azurecr.io", origin="--registry")
    shown = json.loads(cli("workspace show").out)
    assert shown["kind"] == "registry"
    assert (shown["registry"], shown["registryFrom"]) == ("contoso.azurecr.io", "--registry")
