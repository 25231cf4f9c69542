from __future__ import annotations

import json
from pathlib import Path

import pytest

from acideploy.attachment import Attachment, AzureChoice, find_attachment
from acideploy.azure.cloud import choose_cloud
from acideploy.azure.open import Azure, open_manager
from acideploy.azure.workspace import AzureWorkspace
from acideploy.clock import SystemClock
from acideploy.errors import AzureError, RegistryError
from tests.unit.cli.fake_workspace import FakeWorkspace, RunCli


def test_a_folder_is_attached_and_what_its_file_said_stays(cli: RunCli, tmp_path: Path) -> None:
    file = tmp_path / ".azureml" / "config.json"
    file.parent.mkdir()
    file.write_text('{"workspace_name": "ws"}')
    outcome = cli(f"folder attach --path {tmp_path} --registry contoso.azurecr.io")
    shown = {"registry": "contoso.azurecr.io", "workspaceName": "ws", "file": str(file)}
    assert json.loads(outcome.out) == shown
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


def test_what_still_holds_of_an_attached_folder_is_shown(cli: RunCli, tmp_path: Path) -> None:
    cli(f"folder attach --path {tmp_path} --registry contoso.azurecr.io")
    outcome = cli(f"folder attach --path {tmp_path} -w ws -g rg")
    assert json.loads(outcome.out)["registry"] == "contoso.azurecr.io"


def test_a_path_that_is_attached_to_nothing_is_told(cli: RunCli, tmp_path: Path) -> None:
    outcome = cli(f"model list --path {tmp_path / 'nowhere'}")
    assert outcome.code == 0
    assert f"{tmp_path / 'nowhere'} is not attached to a workspace" in outcome.err
    cli(f"folder attach --path {tmp_path} --registry contoso.azurecr.io")
    assert "attached" not in cli(f"model list --path {tmp_path / 'nowhere'}").err


def test_an_attached_folder_names_a_workspace_or_a_registry(cli: RunCli) -> None:
    outcome = cli("folder attach -e experiment")
    assert outcome.code == 2
    assert "nothing to attach to is named" in outcome.err


def test_a_workspace_that_azure_knows_is_attached_with_its_coordinates(
    cli: RunCli, workspace: FakeWorkspace, tmp_path: Path
) -> None:
    workspace.azure = azure()
    outcome = cli(f"folder attach --path {tmp_path} -w ws -g rg --pull-identity puller")
    assert workspace.opened["azure"] == {
        "workspace_name": "ws",
        "resource_group": "rg",
        "pull_identity": "puller",
    }
    file = tmp_path / ".azureml" / "config.json"
    assert json.loads(file.read_text()) == {
        "subscription_id": "sub",
        "resource_group": "rg",
        "workspace_name": "ws",
        "pull_identity": "puller",
    }
    assert json.loads(outcome.out) == {
        "subscriptionId": "sub",
        "resourceGroup": "rg",
        "workspaceName": "ws",
        "pullIdentity": "puller",
        "file": str(file),
    }


def test_a_folder_that_goes_to_another_workspace_keeps_nothing_of_the_former(
    cli: RunCli, workspace: FakeWorkspace, tmp_path: Path
) -> None:
    file = tmp_path / ".azureml" / "config.json"
    file.parent.mkdir()
    former = {"workspace_name": "old", "resource_group": "rg", "registry": "old.azurecr.io"}
    file.write_text(json.dumps({**former, "own": 1}))
    workspace.azure = azure()
    cli(f"folder attach --path {tmp_path} -w ws -g rg")
    assert json.loads(file.read_text()) == {
        "own": 1,
        "subscription_id": "sub",
        "resource_group": "rg",
        "workspace_name": "ws",
    }


def test_the_registry_that_is_named_is_opened(cli: RunCli, workspace: FakeWorkspace) -> None:
    cli("model list --registry contoso.azurecr.io --path project")
    assert workspace.opened == {
        "registry": "contoso.azurecr.io",
        "azure": {},
        "path": Path("project"),
    }


@pytest.mark.parametrize(
    ("flags", "subscription"),
    [
        ("--subscription-id one", "one"),
        ("--subscription two", "two"),
        ("--subscription-id one --subscription two", "one"),
    ],
)
def test_the_workspace_that_is_named_is_opened(
    cli: RunCli, workspace: FakeWorkspace, flags: str, subscription: str
) -> None:
    cli(f"model list -w ws -g rg {flags}")
    assert workspace.opened["azure"] == {
        "workspace_name": "ws",
        "resource_group": "rg",
        "subscription": subscription,
    }


def test_the_workspace_says_where_its_registry_is_named(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    workspace.attachment = Attachment(registry="contoso.azurecr.io", origin="--registry")
    shown = json.loads(cli("workspace show").out)
    assert shown["kind"] == "registry"
    assert (shown["registry"], shown["registryFrom"]) == ("contoso.azurecr.io", "--registry")


def test_the_workspace_says_of_each_part_where_it_was_found(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    workspace.azure = azure()
    shown = json.loads(cli("workspace show").out)
    assert (shown["name"], shown["kind"]) == ("ws", "azure")
    assert (shown["registry"], shown["registryFrom"]) == ("ws.azurecr.io", "Azure ML workspace ws")
    assert (shown["azure"]["cloud"], shown["azure"]["location"]) == ("AzureCloud", "westeurope")
    assert (shown["azure"]["keyVault"], shown["azureFrom"]["resourceGroup"]) == (None, "-g")


def test_what_was_named_is_shown_where_azure_cannot_be_asked(
    cli: RunCli, workspace: FakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(workspace: FakeWorkspace) -> Azure:
        raise AzureError("management.azure.com does not answer")

    monkeypatch.setattr(FakeWorkspace, "azure", property(ask), raising=False)
    origins = (("workspace_name", "project/.azureml/config.json"), ("resource_group", "-g"))
    workspace.azure_choice = AzureChoice(
        subscription="s", resource_group="g", workspace_name="ws", origins=origins
    )
    outcome = cli("workspace show")
    shown = json.loads(outcome.out)
    assert outcome.code == AzureError.exit_code
    assert "does not answer" in outcome.err
    assert (shown["name"], shown["kind"], shown["models"]) == ("ws", "azure", None)
    assert shown["azureFrom"]["workspaceName"] == "project/.azureml/config.json"


def test_a_registry_that_does_not_answer_hides_nothing_else_of_the_workspace(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    workspace.azure = azure()
    workspace.failure = RegistryError("ws.azurecr.io does not answer")
    outcome = cli("workspace show")
    assert outcome.code == RegistryError.exit_code
    assert json.loads(outcome.out)["registryFrom"] == "Azure ML workspace ws"


def azure() -> Azure:
    workspace = AzureWorkspace(
        subscription="sub",
        resource_group="rg",
        name="ws",
        location="westeurope",
        registry="ws.azurecr.io",
        origins=(("resource_group", "-g"), ("registry", "Azure ML workspace ws")),
    )
    cloud = choose_cloud({}, Path("nowhere"), read=lambda url: None)
    return Azure(cloud=cloud, manager=open_manager(cloud, clock=SystemClock()), workspace=workspace)
