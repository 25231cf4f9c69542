"""Webhooks and geo-replications of registries."""

from __future__ import annotations

import pytest

from tests.emulated import Emulated
from tests.emulated_registries import make_registry, registry_path

WEBHOOK = registry_path("models") + "/webhooks/pushed"
REPLICAS = registry_path("models") + "/replications"
PREVIEW = "2023-11-01-preview"
BODY = {
    "location": "westus",
    "properties": {
        "serviceUri": "https://example.com/hook",
        "customHeaders": {"Authorization": "secret"},
        "actions": ["push"],
    },
}


def test_where_a_webhook_calls_is_told_only_to_who_asks_for_it(azure: Emulated) -> None:
    make_registry(azure, "models")
    made = azure.arm("PUT", WEBHOOK, BODY, version=PREVIEW)
    assert made.status == 200
    assert made.json["properties"] == {
        "status": "enabled",
        "scope": "",
        "actions": ["push"],
        "provisioningState": "Succeeded",
    }
    changed = azure.arm("PATCH", WEBHOOK, {"properties": {"scope": "a:1"}}, version=PREVIEW)
    assert changed.json["properties"]["scope"] == "a:1"
    listed = azure.arm("GET", WEBHOOK.rpartition("/")[0], version=PREVIEW).json["value"]
    assert listed == [azure.arm("GET", WEBHOOK, version=PREVIEW).json]
    called = azure.arm("POST", f"{WEBHOOK}/getCallbackConfig", {}, version=PREVIEW)
    assert list(called.json.items()) == [
        ("serviceUri", "https://example.com/hook"),
        ("customHeaders", {"Authorization": "secret"}),
    ]
    assert azure.arm("POST", f"{WEBHOOK}/ping", {}, version=PREVIEW).json.keys() == {"id"}
    assert azure.arm("DELETE", WEBHOOK, version=PREVIEW).status == 200
    assert azure.arm("DELETE", WEBHOOK, version=PREVIEW).status == 204
    assert azure.arm("GET", WEBHOOK, version=PREVIEW).code == "ResourceNotFound"


@pytest.mark.parametrize("missing", ["serviceUri", "actions"])
def test_a_webhook_needs_to_be_told_whom_to_call_and_when(azure: Emulated, missing: str) -> None:
    make_registry(azure, "models")
    properties = {name: value for name, value in BODY["properties"].items() if name != missing}
    answer = azure.arm("PUT", WEBHOOK, {**BODY, "properties": properties}, version=PREVIEW)
    assert answer.status == 400
    assert missing in answer.json["error"]["message"]


def test_a_replication_takes_time_and_the_registrys_own_region_comes_with_it(
    still: Emulated,
) -> None:
    make_registry(still, "models", sku="Premium")
    body = {"location": "centralus"}
    made = still.arm("PUT", f"{REPLICAS}/centralus", body, version=PREVIEW)
    assert (made.status, made.json["properties"]["provisioningState"]) == (201, "Creating")
    still.advance(11)
    done = still.arm("GET", made.headers["azure-asyncoperation"], version=PREVIEW)
    assert done.json == {"status": "Succeeded"}
    listed = still.arm("GET", REPLICAS, version=PREVIEW).json["value"]
    assert [each["name"] for each in listed] == ["centralus", "westus"]
    assert [each["properties"]["status"]["displayStatus"] for each in listed] == ["Ready", "Ready"]
    gone = still.arm("DELETE", f"{REPLICAS}/centralus", version=PREVIEW)
    assert gone.status == 202
    assert still.arm("GET", gone.headers["location"]).status == 202
    still.advance(61)
    assert still.arm("GET", gone.headers["location"]).status == 200


def test_a_registry_that_is_replicated_takes_time_to_go(azure: Emulated) -> None:
    make_registry(azure, "models", sku="Premium")
    azure.arm("PUT", f"{REPLICAS}/centralus", {"location": "centralus"}, version=PREVIEW)
    assert azure.arm("DELETE", registry_path("models"), version=PREVIEW).status == 202


def test_only_a_premium_registry_is_replicated(azure: Emulated) -> None:
    make_registry(azure, "models", sku="Basic")
    body = {"location": "centralus"}
    assert azure.arm("PUT", f"{REPLICAS}/centralus", body, version=PREVIEW).status == 400


def test_a_changed_scope_map_is_there_after_an_operation(still: Emulated) -> None:
    make_registry(still, "models", sku="Premium")
    path, push = registry_path("models") + "/scopeMaps/team", "repositories/a/content/write"
    body = {"properties": {"actions": ["repositories/a/content/read"]}}
    assert still.arm("PUT", path, body, version=PREVIEW).status == 200
    changed = still.arm("PATCH", path, {"properties": {"actions": [push]}}, version=PREVIEW)
    assert (changed.status, changed.json["properties"]["provisioningState"]) == (201, "Updating")
    poll = changed.headers["azure-asyncoperation"]
    assert still.arm("GET", poll, version=PREVIEW).json["status"] == "Updating"
    still.advance(11)
    assert still.arm("GET", poll, version=PREVIEW).json["status"] == "Succeeded"
    shown = still.arm("GET", path, version=PREVIEW).json["properties"]
    assert (shown["provisioningState"], shown["actions"]) == ("Succeeded", [push])


def test_a_private_endpoint_would_lead_to_the_registry_and_its_data(azure: Emulated) -> None:
    make_registry(azure, "models", sku="Premium")
    links = registry_path("models") + "/privateLinkResources"
    (link,) = azure.arm("GET", links, version=PREVIEW).json["value"]
    assert link["properties"]["requiredMembers"] == ["registry_data_westus", "registry"]
    assert azure.arm("GET", f"{links}/registry", version=PREVIEW).json == link
    assert azure.arm("GET", f"{links}/other", version=PREVIEW).code == "ResourceNotFound"


def test_the_usage_of_a_registry_has_the_members_of_its_version(azure: Emulated) -> None:
    make_registry(azure, "models", sku="Premium")

    def names(version: str) -> list[str]:
        path = registry_path("models") + "/listUsages"
        return [each["name"] for each in azure.arm("GET", path, version=version).json["value"]]

    assert names("2019-05-01") == ["Size", "Webhooks"]
    assert "Geo-replications" in names("2022-02-01-preview")
    assert "Tokens" not in names("2022-02-01-preview")
    assert "Tokens" in names(PREVIEW)
