"""Container group profiles and their revisions."""

from __future__ import annotations

from typing import Any

from tests.container_groups import GROUPS, asked, container, put
from tests.emulated import Answer, Emulated

_PROFILE = GROUPS.replace("containerGroups", "containerGroupProfiles") + "/plan"
_VERSION = "2024-05-01-preview"


def _put(azure: Emulated, body: dict[str, Any]) -> Answer:
    azure.make_group()
    return azure.arm("PUT", _PROFILE, body, version=_VERSION)


def _get(azure: Emulated, below: str = "") -> Any:
    return azure.arm("GET", _PROFILE + below, version=_VERSION).json


def test_each_put_is_a_revision(azure: Emulated) -> None:
    first = _put(azure, asked())
    second = _put(azure, asked(containers=[container(image="nginx:2")]))
    assert (first.status, second.status) == (201, 200)
    assert "azure-asyncoperation" not in first.headers
    assert [each.json["properties"]["revision"] for each in (first, second)] == [1, 2]
    images = [
        each["properties"]["containers"][0]["properties"]["image"]
        for each in _get(azure, "/revisions")["value"]
    ]
    assert images == ["nginx", "nginx:2"]
    assert _get(azure, "/revisions/1") == first.json
    assert _get(azure) == second.json
    assert "provisioningState" not in second.json["properties"]
    assert azure.arm("GET", f"{_PROFILE}/revisions/3", version=_VERSION).status == 404


def test_a_group_can_be_made_from_a_profile(azure: Emulated) -> None:
    profile = _put(azure, asked(restartPolicy="Never")).json["id"]
    _put(azure, asked(restartPolicy="OnFailure"))
    body = {
        "location": "westus",
        "properties": {"containerGroupProfile": {"id": profile, "revision": 1}},
    }
    made = put(azure, body)
    assert (made.status, made.json["properties"]["restartPolicy"]) == (201, "Never")
    body["properties"] = {"containerGroupProfile": {"id": profile, "revision": 3}}
    assert put(azure, body, "two").code == "ContainerGroupProfileNotFound"


def test_a_profile_is_listed_tagged_and_deleted(azure: Emulated) -> None:
    _put(azure, asked())
    tagged = azure.arm("PATCH", _PROFILE, {"tags": {"a": "b"}}, version=_VERSION)
    assert tagged.json["tags"] == {"a": "b"}
    parent = _PROFILE.rpartition("/")[0]
    listed = azure.arm("GET", parent, version=_VERSION).json["value"]
    assert [each["name"] for each in listed] == ["plan"]
    assert azure.arm("DELETE", _PROFILE, version=_VERSION).status == 200
    assert azure.arm("GET", _PROFILE, version=_VERSION).code == "ResourceNotFound"


def test_older_versions_have_no_profiles(azure: Emulated) -> None:
    azure.make_group()
    answer = azure.arm("PUT", _PROFILE, asked(), version="2023-05-01")
    assert answer.code == "NoRegisteredProviderFound"


def test_a_profile_shows_no_secret(azure: Emulated) -> None:
    login = {"server": "r.io", "username": "me", "password": "hidden"}
    made = _put(azure, asked(imageRegistryCredentials=[login]))
    assert b"hidden" not in made.body
