"""Scope maps and tokens: what they may, and that registries know it."""

from __future__ import annotations

import pytest

from tests.emulated import Emulated
from tests.emulated_registries import (
    admin_login,
    basic,
    get_manifest,
    make_registry,
    push_image,
    registry_path,
)

VERSION = "2023-07-01"


def make_token(azure: Emulated, scope_map: str, name: str = "reader") -> tuple[str, str]:
    """A token with a scope map by its name; returns name and first password."""
    registry = azure.arm("GET", registry_path("models"), version=VERSION).json["id"]
    body = {"properties": {"scopeMapId": f"{registry}/scopeMaps/{scope_map}", "status": "enabled"}}
    made = azure.arm("PUT", registry_path("models") + f"/tokens/{name}", body, version=VERSION)
    assert made.status == 201, made.body
    body = {"tokenId": made.json["id"]}
    path = registry_path("models") + "/generateCredentials"
    passwords = azure.arm("POST", path, body, version=VERSION).json
    return passwords["username"], passwords["passwords"][0]["value"]


def with_image(azure: Emulated) -> str:
    server: str = make_registry(azure, adminUserEnabled=True)["properties"]["loginServer"]
    for name in ("foo", "bar"):
        push_image(azure, server, admin_login(azure), name, "1")
    return server


def test_a_token_may_do_what_its_scope_map_says_and_no_more(azure: Emulated) -> None:
    server = with_image(azure)
    path = registry_path("models") + "/scopeMaps/foo-reader"
    actions = {"properties": {"actions": ["repositories/foo/content/read"]}}
    assert azure.arm("GET", path, version=VERSION).json["status"] == "Failed"
    assert azure.arm("PUT", path, actions, version=VERSION).status == 200
    login = make_token(azure, "foo-reader")
    assert get_manifest(azure, server, login, "foo", "1").status == 200
    assert get_manifest(azure, server, login, "bar", "1").status == 401
    upload = azure.ask("POST", "/v2/foo/blobs/uploads/", b"", headers=basic(login), host=server)
    assert upload.status == 401


def test_scope_maps_that_every_registry_has_can_be_used(azure: Emulated) -> None:
    server = with_image(azure)
    listed = azure.arm("GET", registry_path("models") + "/scopeMaps", version=VERSION).json["value"]
    assert "_repositories_pull" in [each["name"] for each in listed]
    login = make_token(azure, "_repositories_pull")
    assert get_manifest(azure, server, login, "bar", "1").status == 200


def test_a_disabled_token_opens_nothing(azure: Emulated) -> None:
    server = with_image(azure)
    login = make_token(azure, "_repositories_pull")
    body = {"properties": {"status": "disabled"}}
    azure.arm("PATCH", registry_path("models") + "/tokens/reader", body, version=VERSION)
    assert get_manifest(azure, server, login, "foo", "1").status == 401


def test_a_password_ends_at_its_time(still: Emulated) -> None:
    server = with_image(still)
    make_token(still, "_repositories_pull")
    token = still.arm("GET", registry_path("models") + "/tokens/reader", version=VERSION).json["id"]
    body = {"tokenId": token, "name": "password1", "expiry": "2024-10-29T18:07:40.5Z"}
    path = registry_path("models") + "/generateCredentials"
    made = still.arm("POST", path, body, version=VERSION).json
    login = (made["username"], made["passwords"][0]["value"])
    assert get_manifest(still, server, login, "foo", "1").status == 200
    still.advance(3601)
    assert get_manifest(still, server, login, "foo", "1").status == 401


def test_passwords_of_tokens_are_shown_once(azure: Emulated) -> None:
    with_image(azure)
    make_token(azure, "_repositories_pull")
    shown = azure.arm("GET", registry_path("models") + "/tokens/reader", version=VERSION).json
    passwords = shown["properties"]["credentials"]["passwords"]
    assert [each["name"] for each in passwords] == ["password1", "password2"]
    assert all("value" not in each for each in passwords)


def test_a_deleted_token_opens_nothing_even_when_it_is_made_again(azure: Emulated) -> None:
    server = with_image(azure)
    login = make_token(azure, "_repositories_pull")
    path = registry_path("models") + "/tokens/reader"
    gone = azure.arm("DELETE", path, version=VERSION)
    assert (gone.status, gone.headers["retry-after"]) == (202, "10")
    assert azure.arm("GET", gone.headers["location"]).status == 200
    assert azure.arm("DELETE", path, version=VERSION).status == 204
    assert azure.arm("GET", path, version=VERSION).status == 404
    make_token(azure, "_repositories_pull")
    assert get_manifest(azure, server, login, "foo", "1").status == 401


@pytest.mark.parametrize(
    "actions", [None, [], ["read everything"], ["repositories/foo/content"], [1]]
)
def test_what_is_no_action_makes_no_scope_map(azure: Emulated, actions: object) -> None:
    make_registry(azure)
    path = registry_path("models") + "/scopeMaps/mine"
    answer = azure.arm("PUT", path, {"properties": {"actions": actions}}, version=VERSION)
    assert (answer.status, answer.code) == (400, "InvalidActions")
