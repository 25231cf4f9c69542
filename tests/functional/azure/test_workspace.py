"""A workspace in Azure, by all ways to name it, against the emulator as a cloud like any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from acideploy.api import open_workspace
from acideploy.attachment import AzureChoice
from acideploy.azure.open import Azure, open_azure
from acideploy.clock import SystemClock
from acideploy.emulator.cloud import SUBSCRIPTION
from acideploy.errors import AzureError, NotFoundError
from tests.emulated import Emulated
from tests.functional.azure.conftest import RunCli

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/emulator"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/emulator"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/emulator"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/emulator"


def opened(**parts: Any) -> Azure:
    named = {"subscription": SUBSCRIPTION, "resource_group": "emulator", **parts}
    origins = tuple((part, f"said {part}") for part in named)
    return open_azure(AzureChoice(**named, origins=origins), clock=SystemClock())


def registry_host(azure: Emulated) -> str:
    answer = azure.arm("GET", REGISTRY, version="2023-07-01")
    return str(answer.json["properties"]["loginServer"])


def test_an_azure_ml_workspace_gives_all_its_parts(azure: Emulated) -> None:
    found = opened(workspace_name="emulator")
    assert found.cloud.resource_manager == azure.url
    workspace = found.workspace
    assert (workspace.name, workspace.location) == ("emulator", "westeurope")
    assert (workspace.registry, workspace.registry_id) == (registry_host(azure), REGISTRY)
    vault = azure.arm("GET", VAULT, version="2023-07-01").json["properties"]["vaultUri"]
    assert workspace.vault == vault.rstrip("/")
    assert (workspace.insights_id or "").lower() == (
        f"{GROUP}/providers/microsoft.insights/components/emulator".lower()
    )
    assert workspace.storage_id == (
        f"{GROUP}/providers/Microsoft.Storage/storageAccounts/emulatorstorage"
    )
    origins = dict(workspace.origins)
    assert (origins["name"], origins["registry"], origins["vault"]) == (
        "said workspace_name",
        "Azure ML workspace emulator",
        "Azure ML workspace emulator",
    )


def test_what_is_named_goes_before_what_azure_ml_says(azure: Emulated) -> None:
    workspace = opened(
        workspace_name="emulator",
        location="North Europe",
        registry="other.example.com",
        key_vault="https://other.example.com/",
        application_insights="mine",
        storage="/subscriptions/other/storage",
        pull_identity="puller",
    ).workspace
    assert (workspace.location, workspace.registry) == ("northeurope", "other.example.com")
    assert (workspace.registry_id, workspace.vault) == (None, "https://other.example.com")
    assert workspace.insights_id == f"{GROUP}/providers/Microsoft.Insights/components/mine"
    assert workspace.storage_id == "/subscriptions/other/storage"
    assert workspace.pull_identity == (
        f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/puller"
    )
    origins = dict(workspace.origins)
    assert origins["vault"] == "said key_vault"
    assert "registry_id" not in origins


@pytest.mark.parametrize("spelling", ["host", "name", "id"])
def test_without_azure_ml_the_named_parts_are_enough(azure: Emulated, spelling: str) -> None:
    named = {"host": registry_host(azure), "name": "Emulator", "id": REGISTRY}[spelling]
    workspace = opened(registry=named, location="westeurope", key_vault="emulator").workspace
    assert (workspace.name, workspace.id) == (None, GROUP)
    assert (workspace.registry, workspace.registry_id) == (registry_host(azure), REGISTRY)
    vault = azure.arm("GET", VAULT, version="2023-07-01").json["properties"]["vaultUri"]
    assert workspace.vault == vault.rstrip("/")


def test_parts_that_may_not_be_read_are_used_by_their_names(azure: Emulated) -> None:
    for path in ("KeyVault/vaults", "ContainerRegistry/registries"):
        rule = {"path": path, "status": 403, "code": "AuthorizationFailed", "count": None}
        assert azure.ask("POST", "/_emulator/faults", rule).status == 201
    workspace = opened(workspace_name="emulator", registry="other.example.com").workspace
    assert (workspace.registry, workspace.registry_id) == ("other.example.com", None)
    assert workspace.vault == "https://emulator.localhost"


def test_a_refusal_names_the_permission_that_is_missing_and_who_needs_it(azure: Emulated) -> None:
    rule = {
        "path": "workspaces",
        "status": 403,
        "code": "AuthorizationFailed",
        "message": "The client 'ada' with object id 'o-1' does not have authorization to perform "
        "action 'Microsoft.MachineLearningServices/workspaces/read' over scope '/w'.",
        "count": None,
    }
    assert azure.ask("POST", "/_emulator/faults", rule).status == 201
    with pytest.raises(AzureError) as caught:
        opened(workspace_name="emulator")
    assert caught.value.hint == (
        'az role assignment create --assignee o-1 --role "AzureML Data Scientist" --scope /w'
    )


def test_a_workspace_that_is_not_there_is_said_with_the_way_to_find_it(azure: Emulated) -> None:
    with pytest.raises(NotFoundError, match="no Azure ML workspace absent") as caught:
        opened(workspace_name="absent")
    assert "az ml workspace list" in (caught.value.hint or "")


def test_a_workspace_without_a_registry_asks_for_one(azure: Emulated) -> None:
    whole = azure.arm("GET", WORKSPACE, version="2023-04-01").json
    del whole["properties"]["containerRegistry"]
    bare = WORKSPACE.replace("workspaces/emulator", "workspaces/bare")
    assert azure.arm("PUT", bare, whole, version="2023-04-01").status in (200, 201, 202)
    with pytest.raises(NotFoundError, match="has no registry") as caught:
        opened(workspace_name="bare")
    assert "--registry" in (caught.value.hint or "")
    assert opened(workspace_name="bare", registry="emulator").workspace.registry_id == REGISTRY


def test_a_registry_that_was_deleted_is_said(azure: Emulated) -> None:
    assert azure.arm("DELETE", REGISTRY, version="2023-07-01").status in (200, 202, 204)
    with pytest.raises(NotFoundError, match="no registry"):
        opened(workspace_name="emulator")


def test_a_folder_is_attached_and_shown(azure: Emulated, cli: RunCli) -> None:
    code, out, err = cli("folder attach -w emulator -g emulator --pull-identity puller")
    assert code == 0, err
    assert json.loads(Path(".azureml/config.json").read_text()) == {
        "subscription_id": SUBSCRIPTION,
        "resource_group": "emulator",
        "workspace_name": "emulator",
        "pull_identity": "puller",
    }
    code, out, err = cli("workspace show")
    assert code == 0, err
    shown = json.loads(out)
    file = str(Path(".azureml/config.json").absolute())
    assert (shown["name"], shown["kind"]) == ("emulator", "azure")
    assert (shown["registry"], shown["registryFrom"]) == (
        registry_host(azure),
        "Azure ML workspace emulator",
    )
    assert (shown["azure"]["cloud"], shown["azure"]["location"]) == (
        "AcideployEmulator",
        "westeurope",
    )
    assert shown["azureFrom"]["location"] == "Azure ML workspace emulator"
    assert shown["azureFrom"]["subscriptionId"] == file
    assert shown["azureFrom"]["pullIdentity"] == file
    assert {part for part, value in shown["azure"].items() if value} - {"cloud"} == {
        *shown["azureFrom"],
    }
    assert azure.cloud.client_secret not in out + err


def test_what_is_not_there_is_not_attached(azure: Emulated, cli: RunCli) -> None:
    code, _, err = cli("folder attach -w absent -g emulator")
    assert code == NotFoundError.exit_code
    assert "there is no Azure ML workspace absent" in err
    assert "hint: --workspace-name names it" in err
    assert not Path(".azureml").exists()


def test_a_folder_is_attached_to_parts(azure: Emulated, cli: RunCli) -> None:
    host = registry_host(azure)
    code, _, err = cli(f"folder attach -g emulator --registry {host} --location westeurope")
    assert code == 0, err
    code, out, err = cli("workspace show")
    assert code == 0, err
    shown = json.loads(out)
    assert (shown["azure"]["workspaceName"], shown["azure"]["registryId"]) == (None, REGISTRY)
    assert shown["registry"] == shown["azure"]["registry"] == host


def test_az_defaults_are_enough(azure: Emulated, cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "az").mkdir()
    (tmp_path / "az" / "config").write_text(
        "[defaults]\ngroup = emulator\naml_workspace=emulator\n"
    )
    code, out, err = cli("workspace show --query azureFrom.workspaceName -o tsv")
    assert (code, out.strip()) == (0, str(tmp_path / "az" / "config")), err


def test_a_workspace_is_opened_without_asking(azure: Emulated, cli: RunCli) -> None:
    cli("folder attach -w emulator -g emulator")
    azure.cloud.traffic.clear()
    workspace = open_workspace()
    assert azure.cloud.traffic.describe() == []
    assert workspace.list_models() == ()
    asked = [each["path"] for each in azure.cloud.traffic.describe()]
    # The workspace, its registry and its vault, once.
    assert len([path for path in asked if path.startswith("/subscriptions")]) == 3


def test_a_registry_that_is_named_is_used_without_resource_manager(
    azure: Emulated, cli: RunCli
) -> None:
    cli(f"folder attach -w emulator -g emulator --registry {registry_host(azure)}")
    azure.cloud.traffic.clear()
    assert open_workspace().list_models() == ()
    asked = [each["path"] for each in azure.cloud.traffic.describe()]
    assert [path for path in asked if path.startswith("/subscriptions")] == []
    assert asked


def test_nothing_is_asked_of_azure_where_nothing_names_it(azure: Emulated, cli: RunCli) -> None:
    azure.cloud.traffic.clear()
    code, out, _ = cli("workspace show")
    assert (code, json.loads(out)["kind"]) == (0, "local")
    assert azure.cloud.traffic.describe() == []
