"""Workspaces of Azure Machine Learning, their models and datastores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acideploy.emulator.clock import ManualClock
from acideploy.emulator.cloud import SUBSCRIPTION
from tests.emulated import START, Answer, Emulated, emulated

GROUP = "resourceGroups/emulator/providers"
WORKSPACES = f"{GROUP}/Microsoft.MachineLearningServices/workspaces"
WORKSPACE = f"{WORKSPACES}/emulator"
MODELS = f"{WORKSPACE}/models"
STORE = "azureml://subscriptions/s/resourceGroups/g/workspaces/w/datastores/workspaceblobstore"


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[Emulated]:
    with emulated(tmp_path / "emulator", clock=ManualClock(START), seeded=True) as running:
        yield running


def _ask(azure: Emulated, method: str, path: str, body: object = None) -> Answer:
    return azure.arm(method, path, body, version="2023-10-01")


def _register(azure: Emulated, name: str, version: str, **properties: Any) -> Answer:
    asked = {"modelUri": f"{STORE}/paths/{name}", "modelType": "custom_model", **properties}
    return _ask(azure, "PUT", f"{MODELS}/{name}/versions/{version}", {"properties": asked})


def _names(answer: Answer) -> list[str]:
    return [each["name"] for each in answer.json["value"]]


def test_a_workspace_leads_to_its_parts_in_the_services_own_spelling(seeded: Emulated) -> None:
    answer = _ask(seeded, "GET", WORKSPACE)
    assert answer.headers["x-ms-response-type"] == "standard"
    assert {"request-context", "x-aml-cluster", "x-request-time"} <= set(answer.headers)
    workspace = answer.json
    assert list(workspace) == [
        *("id", "name", "type", "location", "tags", "etag", "properties", "identity", "kind"),
        *("sku", "systemData"),
    ]
    properties = workspace["properties"]
    base = f"/subscriptions/{SUBSCRIPTION}/{GROUP}"
    assert (
        properties["storageAccount"] == f"{base}/Microsoft.Storage/storageAccounts/emulatorstorage"
    )
    assert properties["keyVault"] == f"{base}/Microsoft.Keyvault/vaults/emulator"
    assert properties["applicationInsights"] == f"{base}/Microsoft.insights/components/emulator"
    for part, version in (
        ("storageAccount", "2023-01-01"),
        ("keyVault", "2023-07-01"),
        ("applicationInsights", "2020-02-02"),
    ):
        assert seeded.arm("GET", properties[part], version=version).status == 200, part


def test_a_workspace_is_made_changed_and_deleted_by_operations_to_ask_for(
    seeded: Emulated,
) -> None:
    parts = _ask(seeded, "GET", WORKSPACE).json["properties"]
    names = ("storageAccount", "keyVault", "applicationInsights")
    body = {"location": "westus", "properties": {name: parts[name] for name in names}}
    other = f"{WORKSPACES}/other"
    made = _ask(seeded, "PUT", other, body)
    assert made.status == 202
    assert _ask(seeded, "GET", made.headers["azure-asyncoperation"]).json["status"] == "Succeeded"
    assert _ask(seeded, "GET", made.headers["location"]).json["name"] == "other"
    first = _ask(seeded, "GET", other).json["properties"]
    registry = (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r"
    )
    change = {"tags": {"a": "b"}, "properties": {"containerRegistry": registry}}
    assert _ask(seeded, "PATCH", other, change).status == 202
    second = _ask(seeded, "GET", other).json
    assert second["tags"] == {"a": "b"}
    assert second["properties"]["workspaceId"] == first["workspaceId"]
    assert list(second["properties"]).index("containerRegistry") == 5
    assert {**second["properties"], "containerRegistry": None} == {
        **first,
        "containerRegistry": None,
    }
    assert _names(_ask(seeded, "GET", WORKSPACES)) == ["emulator", "other"]
    assert _ask(seeded, "DELETE", other).status == 202
    assert _ask(seeded, "DELETE", other).status == 204
    assert _ask(seeded, "GET", other).code == "ResourceNotFound"
    missed = _ask(seeded, "GET", f"{other}/models")
    assert missed.code == "ParentResourceNotFound"
    # It is Resource Manager that misses it.
    assert "x-ms-response-type" not in missed.headers


def test_a_workspace_without_its_parts_is_refused(seeded: Emulated) -> None:
    answer = _ask(seeded, "PUT", f"{WORKSPACES}/other", {"location": "westus", "properties": {}})
    assert (answer.status, answer.code) == (400, "UserError")
    assert answer.headers["x-ms-response-type"] == "error"


def test_a_model_has_versions_of_which_the_newest_is_found_first(seeded: Emulated) -> None:
    for version in ("1", "3", "10", "named"):
        made = _register(seeded, "m", version)
        assert made.status == 201
        assert made.headers["location"].startswith(f"{seeded.url}{made.json['id']}?api-version=")
        seeded.advance(1)
    newest = _ask(seeded, "GET", f"{MODELS}/m/versions?$orderBy=createdtime%20desc&$top=1")
    assert _names(newest) == ["named"]
    following = _ask(seeded, "GET", newest.json["nextLink"])
    assert _names(following) == ["10"]
    assert "$orderBy=createdtime+desc&$top=1&$skipToken=" in following.json["nextLink"]
    assert _names(_ask(seeded, "GET", f"{MODELS}/m/versions")) == ["1", "3", "10", "named"]
    container = _ask(seeded, "GET", f"{MODELS}/m").json["properties"]
    assert (container["latestVersion"], container["nextVersion"]) == ("named", "11")


def test_versions_of_the_same_moment_are_in_the_order_of_their_numbers(seeded: Emulated) -> None:
    for version in ("9", "10", "11"):
        _register(seeded, "m", version)
    newest = _ask(seeded, "GET", f"{MODELS}/m/versions?$orderBy=createdtime%20desc&$top=2")
    assert _names(newest) == ["11", "10"]


def test_archived_models_are_listed_only_on_request(seeded: Emulated) -> None:
    _register(seeded, "m", "1")
    _register(seeded, "m", "2", isArchived=True)
    path = f"{MODELS}/m/versions?listViewType="
    assert _names(_ask(seeded, "GET", f"{MODELS}/m/versions")) == ["1"]
    assert _names(_ask(seeded, "GET", path + "ActiveOnly")) == ["1"]
    assert _names(_ask(seeded, "GET", path + "ArchivedOnly")) == ["2"]
    assert _names(_ask(seeded, "GET", path + "All")) == ["1", "2"]
    archived = {"properties": {"isArchived": True, "tags": {}, "properties": {}}}
    assert _ask(seeded, "PUT", f"{MODELS}/m", archived).status == 200
    assert _names(_ask(seeded, "GET", MODELS)) == []
    assert _names(_ask(seeded, "GET", f"{MODELS}?listViewType=All")) == ["m"]


def test_models_are_found_by_stage_and_tag(seeded: Emulated) -> None:
    _register(seeded, "m", "1", tags={"a": "b"}, stage="Production")
    _register(seeded, "m", "2", tags={"a": "c"})
    for query, names in (
        ("stage=Production", ["1"]),
        ("stage=Development", ["2"]),
        ("tags=a", ["1", "2"]),
        ("tags=a=c", ["2"]),
        ("tags=a=c,x", []),
        ("version=1", ["1"]),
    ):
        assert _names(_ask(seeded, "GET", f"{MODELS}/m/versions?{query}")) == names, query


@pytest.mark.parametrize(
    ("sent", "stages"),
    [
        ([{"stage": "Production"}, {}], ["Production", "Production"]),
        ([{}, {"isArchived": True}], ["Development", "Archived"]),
        ([{"isArchived": True}, {"stage": "Archived"}], ["Archived", "Development"]),
    ],
)
def test_a_stage_stays_until_it_is_changed_or_the_model_archived(
    seeded: Emulated, sent: list[dict[str, Any]], stages: list[str]
) -> None:
    seen = [_register(seeded, "m", "1", **each).json["properties"]["stage"] for each in sent]
    assert seen == stages


def test_the_files_of_a_version_never_change(seeded: Emulated) -> None:
    _register(seeded, "m", "1")
    spelt = f"{STORE}/paths/m".replace("resourceGroups", "resourcegroups")
    same = _register(seeded, "m", "1", modelUri=spelt, description="new")
    assert (same.status, same.json["properties"]["modelUri"]) == (200, f"{STORE}/paths/m")
    other = _register(seeded, "m", "1", modelUri=f"{STORE}/paths/other")
    assert (other.status, other.code) == (400, "UserError")
    assert other.json["error"]["message"] == "Asset paths cannot be updated."


@pytest.mark.parametrize("path", ["none", "none/versions/1", "m/versions/2"])
def test_a_model_that_is_not_there_is_missed_as_the_service_does(
    seeded: Emulated, path: str
) -> None:
    _register(seeded, "m", "1")
    answer = _ask(seeded, "GET", f"{MODELS}/{path}")
    error = answer.json["error"]
    assert (answer.status, error["code"]) == (404, "UserError")
    assert error["message"] == "The specified resource was not found."
    assert [each["code"] for each in error["details"]] == ["ModelNotFound"]
    assert [each["type"] for each in error["additionalInfo"]] == [
        *("ComponentName", "Correlation", "Environment", "Location", "Time")
    ]
    assert answer.headers["x-ms-response-type"] == "error"
    assert "x-ms-failure-cause" not in answer.headers


def test_a_model_that_is_not_there_has_no_versions(seeded: Emulated) -> None:
    answer = _ask(seeded, "GET", f"{MODELS}/none/versions")
    assert (answer.status, answer.json) == (200, {"value": []})


def test_a_deleted_model_takes_its_versions_with_it(seeded: Emulated) -> None:
    _register(seeded, "m", "1")
    _register(seeded, "m", "2")
    assert _ask(seeded, "DELETE", f"{MODELS}/m/versions/2").status == 200
    assert _ask(seeded, "DELETE", f"{MODELS}/m/versions/2").status == 204
    assert _ask(seeded, "GET", f"{MODELS}/m").json["properties"]["latestVersion"] == "1"
    assert _ask(seeded, "DELETE", f"{MODELS}/m").status == 200
    assert _names(_ask(seeded, "GET", f"{MODELS}/m/versions")) == []


@pytest.mark.parametrize(
    "query", ["$top=0", "$top=x", "$orderBy=size", "listViewType=Some", "$skipToken=%21"]
)
def test_a_list_that_cannot_be_had_is_refused(seeded: Emulated, query: str) -> None:
    answer = _ask(seeded, "GET", f"{MODELS}?{query}")
    assert (answer.status, answer.code) == (400, "UserError")


def test_a_workspace_has_datastores_with_keys_that_are_shown_on_request(seeded: Emulated) -> None:
    store = f"{WORKSPACE}/datastores"
    listed = _names(_ask(seeded, "GET", store))
    assert listed == ["workspaceartifactstore", "workspaceblobstore"]
    default = _ask(seeded, "GET", f"{store}/workspaceblobstore").json
    workspace = _ask(seeded, "GET", WORKSPACE).json["properties"]
    assert default["properties"]["containerName"] == f"azureml-blobstore-{workspace['workspaceId']}"
    account = seeded.arm(
        "POST", f"{workspace['storageAccount']}/listKeys", {}, version="2023-01-01"
    )
    secrets = _ask(seeded, "POST", f"{store}/workspaceblobstore/listSecrets", {}).json
    assert secrets == {"secretsType": "AccountKey", "key": account.json["keys"][0]["value"]}
    credentials = {
        "credentialsType": "AccountKey",
        "secrets": {"secretsType": "AccountKey", "key": "a2V5"},
    }
    asked = {
        "datastoreType": "AzureBlob",
        "accountName": "mine",
        "containerName": "c",
        "credentials": credentials,
    }
    made = _ask(seeded, "PUT", f"{store}/mine", {"properties": asked})
    assert made.status == 201
    assert b"a2V5" not in made.body
    assert made.json["properties"]["credentials"] == {"credentialsType": "AccountKey"}
    shown = _ask(seeded, "POST", f"{store}/mine/listSecrets", {}).json
    assert shown == credentials["secrets"]
    assert _ask(seeded, "DELETE", f"{store}/mine").status == 200
    assert _ask(seeded, "GET", f"{store}/mine").status == 404
