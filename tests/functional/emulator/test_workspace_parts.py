"""What a workspace refers to, and what there is at the very first start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acideploy.emulator.clock import ScaledClock
from tests.emulated import Emulated, emulated
from tests.emulated_registries import make_registry

ACCOUNTS = "resourceGroups/rg/providers/Microsoft.Storage/storageAccounts"
COMPONENT = "resourceGroups/rg/providers/Microsoft.Insights/components/mine"
STORAGE, INSIGHTS = "2023-01-01", "2020-02-02"
ACCOUNT = {"location": "westus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}


def test_a_storage_account_has_two_keys_of_which_one_is_renewed(azure: Emulated) -> None:
    azure.make_group()
    made = azure.arm("PUT", f"{ACCOUNTS}/mine", ACCOUNT, version=STORAGE)
    assert made.status == 200
    blob = made.json["properties"]["primaryEndpoints"]["blob"]
    assert (blob.startswith("https://localhost:"), blob.endswith("/mine/")) == (True, True)
    listed = azure.arm("POST", f"{ACCOUNTS}/mine/listKeys", {}, version=STORAGE).json["keys"]
    assert [key["keyName"] for key in listed] == ["key1", "key2"]
    path, body = f"{ACCOUNTS}/mine/regenerateKey", {"keyName": "key2"}
    renewed = azure.arm("POST", path, body, version=STORAGE).json["keys"]
    assert (renewed[0], renewed[1] == listed[1]) == (listed[0], False)
    again = azure.arm("POST", f"{ACCOUNTS}/mine/listKeys", {}, version=STORAGE).json["keys"]
    assert again == renewed
    wrong = azure.arm("POST", path, {"keyName": "key3"}, version=STORAGE)
    assert wrong.status == 400


def test_the_name_of_a_storage_account_is_one_in_the_whole_cloud(azure: Emulated) -> None:
    azure.make_group()
    azure.make_group("other")
    azure.arm("PUT", f"{ACCOUNTS}/mine", ACCOUNT, version=STORAGE)
    taken = azure.arm(
        "PUT", f"{ACCOUNTS}/mine".replace("/rg/", "/other/"), ACCOUNT, version=STORAGE
    )
    assert (taken.status, taken.code) == (409, "StorageAccountAlreadyTaken")
    bad = azure.arm("PUT", f"{ACCOUNTS}/Not-This", ACCOUNT, version=STORAGE)
    assert (bad.status, bad.code) == (400, "AccountNameInvalid")
    check = "providers/Microsoft.Storage/checkNameAvailability"
    for name, reason in (("mine", "AlreadyExists"), ("A", "AccountNameInvalid"), ("free", None)):
        said = azure.arm("POST", check, {"name": name}, version=STORAGE).json
        assert (said["nameAvailable"], said.get("reason")) == (reason is None, reason)
    azure.arm("DELETE", f"{ACCOUNTS}/mine", version=STORAGE)
    assert azure.arm("POST", check, {"name": "mine"}, version=STORAGE).json["nameAvailable"]


def test_a_component_keeps_its_key_and_sends_nothing_to_azure(azure: Emulated) -> None:
    azure.make_group()
    body = {"location": "westus", "kind": "web", "properties": {"Application_Type": "web"}}
    first = azure.arm("PUT", COMPONENT, body, version=INSIGHTS).json["properties"]
    second = azure.arm("PUT", COMPONENT, body, version=INSIGHTS).json["properties"]
    assert second == first
    parts = dict(each.split("=", 1) for each in first["ConnectionString"].split(";"))
    assert parts["InstrumentationKey"] == first["InstrumentationKey"]
    assert parts["IngestionEndpoint"] == f"{azure.url}/"
    lines = b'{"name":"a"}\n{"name":"b"}'
    for sent, count in ((lines, 2), (json.dumps([{}, {}, {}]).encode(), 3), (b'{"name":"a"}', 1)):
        taken = azure.ask("POST", f"{parts['IngestionEndpoint']}v2.1/track", sent).json
        assert taken == {"itemsReceived": count, "itemsAccepted": count, "errors": []}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"sku": {"name": "Standard_LRS"}}, 400, "LocationRequired"),
        ({**ACCOUNT, "location": "the moon"}, 400, "LocationNotAvailableForResourceType"),
        ({**ACCOUNT, "location": "eastus"}, 409, "InvalidResourceLocation"),
        ({**ACCOUNT, "tags": 1}, 400, "InvalidRequestContent"),
        ({**ACCOUNT, "properties": []}, 400, "InvalidRequestContent"),
    ],
)
def test_a_resource_that_cannot_be_is_refused(
    azure: Emulated, body: dict[str, object], status: int, code: str
) -> None:
    azure.make_group()
    azure.arm("PUT", f"{ACCOUNTS}/mine", ACCOUNT, version=STORAGE)
    answer = azure.arm("PUT", f"{ACCOUNTS}/mine", body, version=STORAGE)
    assert (answer.status, answer.code) == (status, code)


def test_a_change_leaves_alone_what_it_does_not_name(azure: Emulated) -> None:
    azure.make_group()
    body = {**ACCOUNT, "tags": {"a": "b"}, "properties": {"accessTier": "Cool"}}
    made = azure.arm("PUT", f"{ACCOUNTS}/mine", body, version=STORAGE).json
    change = {"properties": {"minimumTlsVersion": "TLS1_3"}}
    changed = azure.arm("PATCH", f"{ACCOUNTS}/mine", change, version=STORAGE).json
    assert changed["properties"].pop("minimumTlsVersion") == "TLS1_3"
    del made["properties"]["minimumTlsVersion"]
    for each in (made, changed):
        del each["properties"]["encryption"]
    assert changed == made


def test_resources_are_listed_in_their_group_and_in_the_subscription(azure: Emulated) -> None:
    azure.make_group()
    azure.make_group("rg2")
    azure.arm("PUT", f"{ACCOUNTS}/first", ACCOUNT, version=STORAGE)
    azure.arm("PUT", f"{ACCOUNTS}/second".replace("/rg/", "/rg2/"), ACCOUNT, version=STORAGE)
    for scope, names in (("resourceGroups/rg/", ["first"]), ("", ["first", "second"])):
        path = f"{scope}providers/Microsoft.Storage/storageAccounts"
        listed = azure.arm("GET", path, version=STORAGE).json["value"]
        assert [each["name"] for each in listed] == names


def test_the_first_start_makes_a_workspace_and_later_ones_leave_it_to_the_user(
    tmp_path: Path,
) -> None:
    def names(azure: Emulated) -> set[str]:
        resources = azure.arm("GET", "resources", version="2021-04-01").json["value"]
        return {each["type"].rpartition("/")[2] for each in resources}

    ours = {"storageAccounts", "vaults", "components", "workspaces"}
    with emulated(tmp_path, seeded=True) as azure:
        assert ours <= names(azure)
        azure.arm("DELETE", "resourceGroups/emulator")
    with emulated(tmp_path, seeded=True) as azure:
        assert not names(azure)


def test_nothing_is_there_at_first_where_nothing_is_wanted(azure: Emulated) -> None:
    assert azure.arm("GET", "resourceGroups").json["value"] == []


class _NotedClock(ScaledClock):
    """Notes how long Azure would have taken."""

    def __init__(self) -> None:
        super().__init__(None)
        self.delays: list[float] = []

    async def delay(self, seconds: float) -> None:
        self.delays.append(seconds)


def test_nobody_waits_for_what_is_there_from_the_start(tmp_path: Path) -> None:
    clock = _NotedClock()
    with emulated(tmp_path, clock=clock, seeded=True) as azure:
        assert clock.delays == []
        make_registry(azure)
        assert clock.delays
