"""Vaults and their secrets, as the REST interface tells of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from acideploy.emulator.cloud import OBJECT, TENANT
from tests.emulated import Answer, Emulated, emulated

VAULT = "resourceGroups/rg/providers/Microsoft.KeyVault/vaults/mine"
VERSION = "2023-07-01"
ROLES: dict[str, Any] = {
    "location": "westus",
    "properties": {
        "tenantId": TENANT,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    },
}


def _make(azure: Emulated, body: dict[str, Any] = ROLES, *, path: str = VAULT) -> str:
    azure.make_group()
    made = azure.arm("PUT", path, body, version=VERSION)
    assert made.status == 200, made.body
    return str(made.json["properties"]["vaultUri"]).rstrip("/")


def _ask(
    azure: Emulated,
    method: str,
    url: str,
    body: object = None,
    *,
    audience: str = "https://vault.azure.net",
) -> Answer:
    if "api-version=" not in url:
        url += ("&" if "?" in url else "?") + "api-version=7.4"
    headers = {"Authorization": f"Bearer {azure.token(audience)}"}
    return azure.ask(method, url, body, headers=headers)


def test_a_secret_has_its_value_only_where_it_is_asked_for(still: Emulated) -> None:
    vault = _make(still)
    made = _ask(
        still,
        "PUT",
        f"{vault}/secrets/Key",
        {"value": "v", "contentType": "text/plain", "attributes": {"exp": 1893456000}},
    )
    version = made.json["id"].rpartition("/")[2]
    created = int(still.cloud.clock.now().timestamp())
    attributes = {
        "enabled": True,
        "exp": 1893456000,
        "created": created,
        "updated": created,
        "recoveryLevel": "Recoverable+Purgeable",
        "recoverableDays": 90,
    }
    assert made.status == 200
    assert list(made.json.items()) == [
        ("value", "v"),
        ("contentType", "text/plain"),
        ("id", f"{vault}/secrets/Key/{version}"),
        ("attributes", attributes),
        ("tags", {}),
    ]
    assert _ask(still, "GET", f"{vault}/secrets/key").json == made.json
    assert _ask(still, "GET", f"{vault}/secrets/key/{version}").json == made.json
    listed = _ask(still, "GET", f"{vault}/secrets").json
    assert listed["nextLink"] is None
    assert listed["value"] == [
        {
            "contentType": "text/plain",
            "id": f"{vault}/secrets/Key",
            "attributes": attributes,
            "tags": {},
        }
    ]
    still.advance(5)
    changed = _ask(still, "PATCH", f"{vault}/secrets/key/{version}", {"tags": {"a": "b"}}).json
    assert "value" not in changed
    assert (changed["tags"], changed["attributes"]["updated"]) == ({"a": "b"}, created + 5)


def test_lists_come_in_pages(azure: Emulated) -> None:
    vault = _make(azure)
    for number in range(7):
        _ask(azure, "PUT", f"{vault}/secrets/s{number}", {"value": "x"})
    url, seen = f"{vault}/secrets?maxresults=3", []
    while url:
        page = _ask(azure, "GET", url).json
        seen.append([each["id"].rpartition("/")[2] for each in page["value"]])
        url = page["nextLink"]
    assert seen == [["s0", "s1", "s2"], ["s3", "s4", "s5"], ["s6"]]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "inner"),
    [
        ("GET", "/secrets/none", None, 404, "SecretNotFound", None),
        ("GET", "/secrets/key/0123", None, 404, "SecretNotFound", None),
        ("GET", "/secrets/none/versions", None, 404, "SecretNotFound", None),
        ("GET", "/secrets/off", None, 403, "Forbidden", "SecretDisabled"),
        ("GET", "/deletedsecrets/key", None, 404, "SecretNotFound", None),
        ("PUT", "/secrets/a_b", {"value": "x"}, 400, "BadParameter", None),
        ("PUT", "/secrets/ab", {}, 400, "BadParameter", None),
        ("PUT", "/secrets/ab", b"{", 400, "BadParameter", None),
        ("PUT", "/secrets/ab", {"value": "x" * 25601}, 400, "BadParameter", None),
        ("PUT", "/secrets/ab", {"value": "x", "attributes": 1}, 400, "BadParameter", None),
        ("PUT", "/secrets/gone", {"value": "x"}, 409, "Conflict", "ObjectIsDeletedButRecoverable"),
        ("GET", "/secrets?maxresults=26", None, 400, "BadParameter", None),
        ("GET", "/secrets/key?api-version=", None, 400, "BadParameter", None),
    ],
)
def test_what_cannot_be_done_is_answered_as_key_vault_does(
    azure: Emulated,
    method: str,
    path: str,
    body: object,
    status: int,
    code: str,
    inner: str | None,
) -> None:
    vault = _make(azure)
    _ask(azure, "PUT", f"{vault}/secrets/key", {"value": "x"})
    off = {"value": "x", "attributes": {"enabled": False}}
    _ask(azure, "PUT", f"{vault}/secrets/off", off)
    _ask(azure, "PUT", f"{vault}/secrets/gone", {"value": "x"})
    _ask(azure, "DELETE", f"{vault}/secrets/gone")
    answer = _ask(azure, method, vault + path, body)
    assert (answer.status, answer.code) == (status, code)
    assert answer.json["error"].get("innererror", {}).get("code") == inner


def test_who_comes_without_a_token_is_told_where_to_get_one(azure: Emulated) -> None:
    vault = _make(azure)
    by_name = f"{vault}/secrets?api-version=7.4".replace("127.0.0.1", "localhost")
    answer = azure.ask("GET", by_name)
    assert (answer.status, answer.code) == (401, "Unauthorized")
    assert answer.headers["www-authenticate"] == (
        f'Bearer authorization="{azure.url}/{TENANT}", resource="https://vault.azure.net"'
    )
    other = azure.ask("GET", f"{vault}/secrets?api-version=7.4")
    resource = other.headers["www-authenticate"].partition('resource="')[2].rstrip('"')
    assert vault.replace("localhost", "127.0.0.1").endswith(f".{resource.removeprefix('https://')}")
    for audience, status in (("https://management.azure.com", 401), (vault, 200)):
        assert _ask(azure, "GET", f"{vault}/secrets", audience=audience).status == status


def test_a_token_that_has_expired_is_refused(still: Emulated) -> None:
    vault = _make(still)
    headers = {"Authorization": f"Bearer {still.token('https://vault.azure.net')}"}
    still.advance(3600)
    answer = still.ask("GET", f"{vault}/secrets?api-version=7.4", headers=headers)
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_rule_lets_a_token_expire(azure: Emulated) -> None:
    vault = _make(azure)
    rule = {"path": "/secrets", "expiredToken": True}
    assert azure.ask("POST", "/_emulator/faults", rule).status == 201
    assert _ask(azure, "GET", f"{vault}/secrets").status == 401
    assert _ask(azure, "GET", f"{vault}/secrets").status == 200


def test_access_policies_say_who_may_do_what(azure: Emulated) -> None:
    policy = {"tenantId": TENANT, "objectId": OBJECT, "permissions": {"secrets": ["Get", "set"]}}
    properties = {"tenantId": TENANT, "sku": {"name": "standard"}, "accessPolicies": [policy]}
    vault = _make(azure, {"location": "westus", "properties": properties})
    assert _ask(azure, "PUT", f"{vault}/secrets/key", {"value": "x"}).status == 200
    assert _ask(azure, "GET", f"{vault}/secrets/key").status == 200
    refused = _ask(azure, "DELETE", f"{vault}/secrets/key")
    assert (refused.status, refused.code) == (403, "Forbidden")
    assert "secrets delete permission on key vault 'mine;" in refused.json["error"]["message"]
    nobody = {"location": "westus", "properties": {**properties, "accessPolicies": []}}
    azure.arm("PUT", VAULT, nobody, version=VERSION)
    assert _ask(azure, "GET", f"{vault}/secrets/key").status == 403


def test_a_deleted_secret_comes_back_or_goes_for_good(azure: Emulated) -> None:
    vault = _make(azure)
    _ask(azure, "PUT", f"{vault}/secrets/key", {"value": "x"})
    gone = _ask(azure, "DELETE", f"{vault}/secrets/key").json
    assert gone["scheduledPurgeDate"] - gone["deletedDate"] == 90 * 24 * 3600
    assert list(gone)[:4] == ["recoveryId", "deletedDate", "scheduledPurgeDate", "id"]
    assert _ask(azure, "GET", f"{vault}/deletedsecrets/key").json == gone
    assert _ask(azure, "POST", f"{vault}/deletedsecrets/key/recover", {}).status == 200
    assert _ask(azure, "GET", f"{vault}/secrets/key").json["value"] == "x"
    _ask(azure, "DELETE", f"{vault}/secrets/key")
    assert _ask(azure, "DELETE", f"{vault}/deletedsecrets/key").status == 204
    assert _ask(azure, "GET", f"{vault}/deletedsecrets/key").status == 404
    assert _ask(azure, "PUT", f"{vault}/secrets/key", {"value": "y"}).status == 200


def test_a_vault_and_its_secrets_are_there_after_a_restart(tmp_path: Path) -> None:
    with emulated(tmp_path) as azure:
        vault = _make(azure)
        _ask(azure, "PUT", f"{vault}/secrets/key", {"value": "x"})
    with emulated(tmp_path) as azure:
        assert _ask(azure, "GET", f"{vault}/secrets/key").json["value"] == "x"


def test_a_deleted_vault_keeps_its_name_until_it_is_recovered_or_purged(azure: Emulated) -> None:
    vault = _make(azure)
    _ask(azure, "PUT", f"{vault}/secrets/key", {"value": "x"})
    assert azure.arm("DELETE", VAULT, version=VERSION).status == 200
    assert azure.arm("DELETE", VAULT, version=VERSION).status == 204
    assert azure.arm("PUT", VAULT, ROLES, version=VERSION).code == "ConflictError"
    name = "providers/Microsoft.KeyVault/locations/westus/deletedVaults/mine"
    assert azure.arm("GET", name, version=VERSION).json["properties"]["location"] == "westus"
    back = {"location": "westus", "properties": {"createMode": "recover"}}
    again = azure.arm("PUT", VAULT, back, version=VERSION)
    assert again.json["properties"]["vaultUri"] == f"{vault}/"
    assert _ask(azure, "GET", f"{vault}/secrets/key").json["value"] == "x"
    azure.arm("DELETE", "resourceGroups/rg")
    purge = azure.arm("POST", f"{name}/purge", {}, version=VERSION)
    assert purge.status == 202
    assert azure.arm("GET", purge.headers["location"]).json["status"] == "Succeeded"
    assert azure.arm("GET", name, version=VERSION).status == 404
    fresh = _make(azure)
    assert _ask(azure, "GET", f"{fresh}/secrets").json["value"] == []


def test_a_backup_brings_a_secret_back_with_all_its_versions(azure: Emulated) -> None:
    vault = _make(azure)
    for value in ("one", "two"):
        _ask(azure, "PUT", f"{vault}/secrets/key", {"value": value})
    backup = _ask(azure, "POST", f"{vault}/secrets/key/backup").json["value"]
    assert "two" not in backup
    taken = _ask(azure, "POST", f"{vault}/secrets/restore", {"value": backup})
    assert (taken.status, taken.code) == (409, "Conflict")
    _ask(azure, "DELETE", f"{vault}/secrets/key")
    _ask(azure, "DELETE", f"{vault}/deletedsecrets/key")
    assert _ask(azure, "POST", f"{vault}/secrets/restore", {"value": backup}).status == 200
    assert _ask(azure, "GET", f"{vault}/secrets/key").json["value"] == "two"
    assert len(_ask(azure, "GET", f"{vault}/secrets/key/versions").json["value"]) == 2
    broken = _ask(azure, "POST", f"{vault}/secrets/restore", {"value": "bm90aGluZw=="})
    assert (broken.status, broken.code) == (400, "BadParameter")


def test_access_policies_are_added_replaced_and_removed(azure: Emulated) -> None:
    def policy(*permissions: str) -> dict[str, Any]:
        return {
            "tenantId": TENANT,
            "objectId": OBJECT,
            "permissions": {"secrets": list(permissions)},
        }

    def change(word: str, *policies: dict[str, Any]) -> Answer:
        body = {"properties": {"accessPolicies": list(policies)}}
        return azure.arm("PUT", f"{VAULT}/accessPolicies/{word}", body, version=VERSION)

    none = {**ROLES["properties"], "enableRbacAuthorization": False, "accessPolicies": []}
    vault = _make(azure, {**ROLES, "properties": none})
    assert _ask(azure, "GET", f"{vault}/secrets").status == 403
    assert change("add", policy("set")).json["type"] == "Microsoft.KeyVault/vaults/accessPolicies"
    both = change("add", policy("list")).json["properties"]["accessPolicies"]
    assert [each["permissions"]["secrets"] for each in both] == [["set", "list"]]
    assert _ask(azure, "GET", f"{vault}/secrets").status == 200
    change("replace", policy("get"))
    assert _ask(azure, "GET", f"{vault}/secrets").status == 403
    assert change("remove", policy("get")).json["properties"]["accessPolicies"] == []
    assert change("forget", policy("get")).status == 400


def test_a_list_of_vaults_goes_on_where_a_page_ends(azure: Emulated) -> None:
    _make(azure)
    _make(azure, path=VAULT.replace("mine", "yours"))
    found, url = [], "providers/Microsoft.KeyVault/vaults?$top=1"
    while url:
        page = azure.arm("GET", url, version=VERSION).json
        found += [each["name"] for each in page["value"]]
        url = page.get("nextLink")
    assert found == ["mine", "yours"]


def test_an_old_version_tells_of_a_vault_only_what_was_asked_for(azure: Emulated) -> None:
    _make(azure)
    old = azure.arm("GET", VAULT, version="2019-09-01").json
    assert "systemData" not in old
    assert list(old["properties"]) == [
        *("sku", "tenantId", "accessPolicies", "enabledForDeployment", "enableSoftDelete"),
        *("enableRbacAuthorization", "vaultUri", "provisioningState"),
    ]


def test_the_name_of_a_vault_is_one_in_the_whole_cloud(azure: Emulated) -> None:
    _make(azure)
    azure.make_group("other")
    path = VAULT.replace("/rg/", "/other/")
    taken = azure.arm("PUT", path, ROLES, version=VERSION)
    assert (taken.status, taken.code) == (409, "VaultAlreadyExists")
    check = "providers/Microsoft.KeyVault/checkNameAvailability"
    said = azure.arm("POST", check, {"name": "MINE"}, version=VERSION).json
    assert (said["nameAvailable"], said["reason"]) == (False, "AlreadyExists")
    assert azure.arm("POST", check, {"name": "free"}, version=VERSION).json["nameAvailable"]
    bad = azure.arm("PUT", VAULT.replace("mine", "1-"), ROLES, version=VERSION)
    assert (bad.status, bad.code) == (400, "VaultNameNotValid")


@pytest.mark.parametrize("missing", ["tenantId", "sku", "accessPolicies"])
def test_a_vault_needs_to_be_told_what_it_cannot_know(azure: Emulated, missing: str) -> None:
    azure.make_group()
    properties = {"tenantId": TENANT, "sku": {"name": "standard"}, "accessPolicies": []}
    del properties[missing]
    answer = azure.arm(
        "PUT", VAULT, {"location": "westus", "properties": properties}, version=VERSION
    )
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert missing in answer.json["error"]["message"]
    assert azure.arm("GET", VAULT, version=VERSION).status == 404
