"""Registries through Resource Manager."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from acideploy.emulator.clock import ScaledClock
from tests.emulated import Emulated, emulated
from tests.emulated_registries import (
    PROVIDER,
    admin_login,
    basic,
    make_registry,
    push_image,
    registry_path,
)

NEW = "2026-09-01-preview"
PREVIEW = "2023-11-01-preview"
STABLE = "2023-07-01"


def test_a_registry_of_2021_to_2025_is_made_while_the_client_polls(still: Emulated) -> None:
    still.make_group()
    body = {"location": "westus", "sku": {"name": "Standard"}}
    made = still.arm("PUT", registry_path("models"), body, version=PREVIEW)
    assert made.status == 201
    assert made.json["properties"]["provisioningState"] == "Creating"
    poll = made.headers["azure-asyncoperation"]
    first = still.arm("GET", poll)
    assert (first.status, first.json) == (200, {"status": "Creating"})
    assert "azure-asyncoperation" in first.headers
    still.advance(10)
    assert still.arm("GET", poll).json == {"status": "Succeeded"}
    shown = still.arm("GET", registry_path("models"), version=PREVIEW)
    assert shown.json["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize("version", ["2019-05-01", "2026-09-01-preview"])
def test_a_registry_of_other_years_is_made_at_once(still: Emulated, version: str) -> None:
    still.make_group()
    body = {"location": "West US", "sku": {"name": "Basic"}}
    made = still.arm("PUT", registry_path("models"), body, version=version)
    assert made.status == 200
    assert "azure-asyncoperation" not in made.headers
    assert made.json["properties"]["provisioningState"] == "Succeeded"
    assert made.json["location"] == "westus"


def test_a_new_registry_is_answered_as_late_as_by_azure(tmp_path: Path) -> None:
    with emulated(tmp_path, clock=ScaledClock(40)) as azure:
        azure.make_group()
        before = azure.cloud.clock.now()
        make_registry(azure)
        assert 8 <= (azure.cloud.clock.now() - before).total_seconds() < 30


def test_answers_have_the_members_of_their_version_and_sku(azure: Emulated) -> None:
    make_registry(azure, "standard", sku="Standard")
    make_registry(azure, "premium", sku="Premium")

    def members(name: str, version: str) -> set[str]:
        return set(azure.arm("GET", registry_path(name), version=version).json["properties"])

    assert "networkRuleSet" in members("premium", STABLE) - members("standard", STABLE)
    assert "anonymousPullEnabled" not in members("standard", STABLE)
    assert "anonymousPullEnabled" in members("standard", PREVIEW)
    assert "metadataSearch" in members("standard", PREVIEW) - members(
        "standard", "2022-02-01-preview"
    )
    assert "roleAssignmentMode" in members("standard", NEW) - members("standard", PREVIEW)
    assert "policies" not in members("standard", "2017-10-01")


def test_a_registry_of_another_version_has_no_system_data(azure: Emulated) -> None:
    make_registry(azure)
    assert "systemData" not in azure.arm("GET", registry_path("models"), version="2019-05-01").json
    assert "systemData" in azure.arm("GET", registry_path("models"), version=STABLE).json


def test_a_name_is_taken_in_the_whole_cloud(azure: Emulated) -> None:
    make_registry(azure, "models", group="one")
    azure.make_group("two")
    body = {"location": "westus", "sku": {"name": "Basic"}}
    answer = azure.arm("PUT", registry_path("MODELS", group="two"), body, version=STABLE)
    assert (answer.status, answer.code) == (409, "AlreadyInUse")
    assert answer.json["status"] == "Failed"


def test_of_two_who_want_a_name_at_once_one_gets_it(azure: Emulated) -> None:
    azure.make_group("one")
    azure.make_group("two")
    body = {"location": "westus", "sku": {"name": "Basic"}}
    statuses: list[int] = []

    def make(group: str) -> None:
        statuses.append(
            azure.arm("PUT", registry_path("models", group=group), body, version=NEW).status
        )

    threads = [threading.Thread(target=make, args=(group,)) for group in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 409]


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("no-dash", {"location": "westus", "sku": {"name": "Basic"}}, "InvalidResourceName"),
        ("models", {"sku": {"name": "Basic"}}, "LocationRequired"),
        ("models", {"location": "westus", "sku": {"name": "Classic"}}, "ClassicSkuDeprecated"),
        ("models", {"location": "westus", "sku": {"name": "Gold"}}, "InvalidSku"),
        ("models", {"location": "westus", "sku": "Basic"}, "InvalidRequestContent"),
        (
            "models",
            {"location": "moon", "sku": {"name": "Basic"}},
            "LocationNotAvailableForResourceType",
        ),
        (
            "models",
            {"location": 1, "sku": {"name": "Basic"}},
            "LocationNotAvailableForResourceType",
        ),
        ("models", {"location": "westus", "sku": {"name": 7}}, "InvalidSku"),
        (
            "models",
            {"location": "westus", "sku": {"name": "Basic"}, "properties": {"policies": 3}},
            "InvalidRequestContent",
        ),
    ],
)
def test_what_cannot_be_a_registry_is_refused(
    azure: Emulated, name: str, body: object, code: str
) -> None:
    azure.make_group()
    answer = azure.arm("PUT", registry_path(name), body, version=NEW)
    assert (answer.status, answer.code) == (400, code)
    assert azure.arm("GET", registry_path(name), version=NEW).status == 404


def test_names_can_be_checked_before(azure: Emulated) -> None:
    make_registry(azure)

    def check(name: str) -> dict[str, object]:
        body = {"name": name, "type": "Microsoft.ContainerRegistry/registries"}
        answer = azure.arm("POST", f"{PROVIDER}/checkNameAvailability", body, version=STABLE)
        assert answer.status == 200
        found: dict[str, object] = answer.json
        return found

    assert check("others") == {"nameAvailable": True}
    assert check("Models")["reason"] == "AlreadyExists"
    assert check("a_b")["reason"] == "Invalid"


def test_a_patch_changes_what_it_names_and_nothing_else(azure: Emulated) -> None:
    make_registry(azure, sku="Premium")
    body = {"tags": {"a": "b"}, "properties": {"policies": {"retentionPolicy": {"days": 30}}}}
    changed = azure.arm("PATCH", registry_path("models"), body, version=PREVIEW)
    assert changed.status == 200
    assert changed.json["tags"] == {"a": "b"}
    assert changed.json["properties"]["policies"]["retentionPolicy"]["days"] == 30
    assert changed.json["properties"]["policies"]["retentionPolicy"]["status"] == "disabled"
    assert changed.json["sku"]["name"] == "Premium"


def test_registries_are_listed_by_group_and_by_subscription(azure: Emulated) -> None:
    make_registry(azure, "first", group="one")
    make_registry(azure, "second", group="two")

    def names(path: str) -> list[str]:
        return [each["name"] for each in azure.arm("GET", path, version=STABLE).json["value"]]

    assert names(f"resourceGroups/one/{PROVIDER}/registries") == ["first"]
    assert names(f"{PROVIDER}/registries") == ["first", "second"]


def test_a_registry_answers_at_its_login_server_and_after_a_restart_too(tmp_path: Path) -> None:
    with emulated(tmp_path) as azure:
        server = make_registry(azure, adminUserEnabled=True)["properties"]["loginServer"]
        login = admin_login(azure)
        digest = push_image(azure, server, login, "app", "1")
    with emulated(tmp_path) as azure:
        shown = azure.arm("GET", registry_path("models"), version=STABLE).json
        assert shown["properties"]["loginServer"] == server
        answer = azure.ask("GET", "/v2/app/tags/list", headers=basic(login), host=server)
        assert answer.json["tags"] == ["1"]
        found = azure.ask("HEAD", "/v2/app/manifests/1", headers=basic(login), host=server)
        assert found.headers["docker-content-digest"] == digest


def test_a_deleted_registry_is_gone_with_its_content(azure: Emulated) -> None:
    server = make_registry(azure, adminUserEnabled=True)["properties"]["loginServer"]
    push_image(azure, server, admin_login(azure), "app", "1")
    gone = azure.arm("DELETE", registry_path("models"), version=STABLE)
    assert (gone.status, gone.body) == (200, b"")
    assert azure.arm("GET", registry_path("models"), version=STABLE).code == "ResourceNotFound"
    assert azure.arm("DELETE", registry_path("models"), version=STABLE).status == 204
    server = make_registry(azure, adminUserEnabled=True)["properties"]["loginServer"]
    listed = azure.ask("GET", "/v2/_catalog", headers=basic(admin_login(azure)), host=server)
    assert not listed.json["repositories"]


def test_registries_go_with_their_group(azure: Emulated) -> None:
    make_registry(azure)
    assert azure.arm("DELETE", "resourceGroups/rg", version="2021-04-01").status == 202
    assert azure.arm("GET", f"{PROVIDER}/registries", version=STABLE).json == {"value": []}


def test_since_2026_a_registry_is_deleted_while_the_client_polls(still: Emulated) -> None:
    make_registry(still)
    gone = still.arm("DELETE", registry_path("models"), version=NEW)
    assert (gone.status, gone.headers["retry-after"]) == (202, "10")
    assert gone.json["properties"]["provisioningState"] == "Deleting"
    waiting = still.arm("GET", gone.headers["location"])
    assert (waiting.status, waiting.body) == (202, b"")
    still.advance(10)
    done = still.arm("GET", gone.headers["location"])
    assert (done.status, done.body) == (200, b"")


def test_passwords_are_shown_to_whom_may_see_them_only(azure: Emulated) -> None:
    make_registry(azure)
    refused = azure.arm("POST", registry_path("models") + "/listCredentials", version=STABLE)
    assert (refused.status, refused.code) == (400, "UnAuthorizedForCredentialOperations")


def test_a_renewed_password_ends_the_old_one_but_not_the_other(azure: Emulated) -> None:
    server = make_registry(azure, adminUserEnabled=True)["properties"]["loginServer"]
    path = registry_path("models")
    before = azure.arm("POST", path + "/listCredentials", version=STABLE).json
    after = azure.arm("POST", path + "/regenerateCredential", {"name": "password"}, version=STABLE)
    assert after.json["username"] == "models"

    def status(password: str) -> int:
        return azure.ask("GET", "/v2/", headers=basic(("models", password)), host=server).status

    old, other = (each["value"] for each in before["passwords"])
    assert status(old) == 401
    assert status(other) == status(after.json["passwords"][0]["value"]) == 200
    azure.arm("PATCH", path, {"properties": {"adminUserEnabled": False}}, version=STABLE)
    assert status(other) == 401


def test_usages_count_what_is_stored(azure: Emulated) -> None:
    server = make_registry(azure, sku="Basic", adminUserEnabled=True)["properties"]["loginServer"]
    push_image(azure, server, admin_login(azure), "app", "1")
    usages = azure.arm("GET", registry_path("models") + "/listUsages", version=STABLE).json["value"]
    assert [each["name"] for each in usages] == ["Size", "Webhooks", "ScopeMaps", "Tokens"]
    assert usages[0]["limit"] == 10 * 2**30
    assert usages[0]["currentValue"] > 10_000


def test_registries_that_are_made_at_once_have_addresses_of_their_own(azure: Emulated) -> None:
    azure.make_group()
    body = {"location": "westus", "sku": {"name": "Basic"}}

    def make(name: str) -> str:
        kind = "Microsoft.ContainerRegistry/registries"
        path = f"resourceGroups/rg/providers/{kind}/{name}"
        made = azure.arm("PUT", path, body, version=STABLE)
        return str(made.json["properties"]["loginServer"])

    with ThreadPoolExecutor(4) as threads:
        servers = list(threads.map(make, ("first", "second", "third", "fourth")))
    assert len(set(servers)) == 4
