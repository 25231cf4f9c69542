"""Azure's own part of a registry's API, `/acr/v1`, and the locks that it sets."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.emulated import Answer, Emulated
from tests.emulated_registry import (
    CONFIGURATION,
    INDEX,
    LAYER,
    MANIFEST,
    OCI,
    EmulatedRegistry,
    image,
    open_registry,
)

OPEN = {"deleteEnabled": True, "writeEnabled": True, "readEnabled": True, "listEnabled": True}
# What a test says to have another manifest than the last one.
OTHER = {"annotations": {"other": "1"}}


@pytest.fixture
def registry(still: Emulated) -> EmulatedRegistry:
    return open_registry(still)


def change(registry: EmulatedRegistry, path: str, **attributes: object) -> Answer:
    return registry.ask("PATCH", f"/acr/v1/{path}", json.dumps(attributes).encode())


def error(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["errors"][0]["code"]


def pages(registry: EmulatedRegistry, path: str, member: str) -> list[Any]:
    found = []
    while path:
        answer = registry.ask("GET", path)
        found.append(answer.json[member])
        link = re.fullmatch(r'<(.+)>; rel="next"', answer.headers.get("link", ""))
        path = link[1] if link else ""
    return found


def test_a_repository_is_described(registry: EmulatedRegistry) -> None:
    registry.push("models/iris", "v1", "v2")
    registry.azure.advance(60)
    registry.push("models/iris", "v3", **OTHER)
    answer = registry.ask("GET", "/acr/v1/models%2Firis")
    assert answer.status == 200
    assert list(answer.json.items()) == [
        ("registry", registry.host),
        ("imageName", "models/iris"),
        ("createdTime", "2024-10-29T17:07:40.0000000Z"),
        ("lastUpdateTime", "2024-10-29T17:08:40.0000000Z"),
        ("manifestCount", 2),
        ("tagCount", 3),
        ("changeableAttributes", OPEN),
    ]
    assert list(answer.json["changeableAttributes"]) == list(OPEN)


def test_a_tag_is_described_alone_and_in_a_list(registry: EmulatedRegistry) -> None:
    digest = registry.push("a", "v1")
    registry.azure.advance(60)
    moved = registry.push("a", "v1", **OTHER)
    assert moved != digest
    tag = {
        "name": "v1",
        "digest": moved,
        "createdTime": "2024-10-29T17:07:40.0000000Z",
        "lastUpdateTime": "2024-10-29T17:08:40.0000000Z",
        "signed": False,
        "changeableAttributes": OPEN,
    }
    names = {"registry": registry.host, "imageName": "a"}
    one = registry.ask("GET", "/acr/v1/a/_tags/v1").json
    assert json.dumps(one) == json.dumps({**names, "tag": tag})
    assert registry.ask("GET", "/acr/v1/a/_tags").json == {**names, "tags": [tag]}


def test_a_manifest_is_described_alone_and_in_a_list(registry: EmulatedRegistry) -> None:
    digest = registry.push("a", "v1", "v2")
    manifest = {
        "digest": digest,
        "imageSize": len(CONFIGURATION) + len(LAYER),
        "createdTime": "2024-10-29T17:07:40.0000000Z",
        "lastUpdateTime": "2024-10-29T17:07:40.0000000Z",
        "architecture": "amd64",
        "os": "linux",
        "mediaType": MANIFEST,
        "configMediaType": f"{OCI}.config.v1+json",
        "tags": ["v1", "v2"],
        "changeableAttributes": OPEN,
    }
    names = {"registry": registry.host, "imageName": "a"}
    one = registry.ask("GET", f"/acr/v1/a/_manifests/{digest.replace(':', '%3A')}").json
    assert json.dumps(one) == json.dumps({**names, "manifest": manifest})
    assert registry.ask("GET", "/acr/v1/a/_manifests").json == {**names, "manifests": [manifest]}


def test_an_index_is_described_with_what_it_is_for(registry: EmulatedRegistry) -> None:
    child = registry.push("a")
    platform = {"architecture": "amd64", "os": "linux"}
    manifests = [{"mediaType": MANIFEST, "digest": child, "size": 9, "platform": platform}]
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
    digest = registry.push_manifest("a", "all", index).headers["docker-content-digest"]
    found = registry.ask("GET", f"/acr/v1/a/_manifests/{digest}").json["manifest"]
    assert found["mediaType"] == INDEX
    assert found["references"] == [{"digest": child, **platform}]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("nowhere", "NAME_UNKNOWN"),
        ("nowhere/_tags", "NAME_UNKNOWN"),
        ("nowhere/_manifests", "NAME_UNKNOWN"),
        ("a/_tags/nowhere", "TAG_UNKNOWN"),
        (f"a/_manifests/sha256:{'0' * 64}", "MANIFEST_UNKNOWN"),
    ],
)
def test_what_is_not_there_is_unknown(registry: EmulatedRegistry, path: str, code: str) -> None:
    registry.push("a", "v1")
    for method, body in (("GET", None), ("PATCH", b"{}"), ("DELETE", None)):
        if method == "GET" or not path.endswith(("_tags", "_manifests")):
            assert error(registry.ask(method, f"/acr/v1/{path}", body)) == (404, code)


def test_repositories_tags_and_manifests_are_listed_in_pages(registry: EmulatedRegistry) -> None:
    for name in ("c", "a/b", "d"):
        registry.push(name, "1", "2", "3")
    expected = [["a/b"], ["c"], ["d"]]
    assert pages(registry, "/acr/v1/_catalog?n=1", "repositories") == expected
    assert pages(registry, "/v2/_catalog?n=2", "repositories") == [["a/b", "c"], ["d"]]
    answer = registry.ask("GET", "/acr/v1/a%2Fb/_tags?n=1")
    assert answer.headers["link"] == '</acr/v1/a%2Fb/_tags?last=1&n=1&orderby=>; rel="next"'
    shown = pages(registry, "/acr/v1/a%2Fb/_tags?n=2", "tags")
    assert [[tag["name"] for tag in page] for page in shown] == [["1", "2"], ["3"]]
    assert registry.ask("GET", "/acr/v1/_catalog?n=x").status == 400


def test_lists_are_in_the_order_asked_for(registry: EmulatedRegistry) -> None:
    for tag in ("b", "c", "a"):
        registry.push("r", tag)
        registry.azure.advance(1)

    def names(query: str) -> list[str]:
        shown = pages(registry, f"/acr/v1/r/_tags?{query}", "tags")
        return [tag["name"] for page in shown for tag in page]

    assert names("") == ["a", "b", "c"]
    assert names("orderby=timeasc&n=2") == ["b", "c", "a"]
    assert names("orderby=timedesc&n=1") == ["a", "c", "b"]
    digest = registry.push("r", "z", **OTHER)
    assert names(f"digest={digest}") == ["z"]


def test_attributes_are_changed_one_by_one(registry: EmulatedRegistry) -> None:
    digest = registry.push("a", "v1")
    for path in ("a", "a/_tags/v1", f"a/_manifests/{digest}"):
        for attribute in OPEN:
            answer = change(registry, path, **{attribute: False})
            assert answer.status == 200
            shown = (
                answer.json if path == "a" else answer.json.get("tag", answer.json.get("manifest"))
            )
            assert shown["changeableAttributes"] == {**OPEN, attribute: False}
            assert change(registry, path, **{attribute: True}).status == 200
    assert change(registry, "a", writeEnabled="no").status == 400
    assert registry.ask("PATCH", "/acr/v1/a", b"no JSON").status == 400


@pytest.mark.parametrize("thing", ["", "/_tags/v1"])
def test_what_is_locked_against_writing_is_immutable(
    registry: EmulatedRegistry, thing: str
) -> None:
    digest = registry.push("a", "v1")
    change(registry, f"a{thing}", writeEnabled=False)
    assert error(registry.push_manifest("a", "v1", image(**OTHER))) == (405, "DENIED")
    assert error(registry.ask("DELETE", f"/v2/a/manifests/{digest}")) == (405, "DENIED")
    assert error(registry.ask("DELETE", "/acr/v1/a/_tags/v1")) == (405, "DENIED")
    assert error(registry.ask("DELETE", "/acr/v1/a")) == (405, "DENIED")
    assert registry.pull("a", "v1").headers["docker-content-digest"] == digest
    assert registry.push_manifest("a", "v2", image(**OTHER)).status == (201 if thing else 405)
    change(registry, f"a{thing}", writeEnabled=True)
    assert registry.push_manifest("a", "v1", image(**OTHER)).status == 201


@pytest.mark.parametrize("thing", ["", "/_tags/v1", "/_manifests/{digest}"])
def test_what_is_locked_against_deletion_stays(registry: EmulatedRegistry, thing: str) -> None:
    digest = registry.push("a", "v1")
    change(registry, f"a{thing.format(digest=digest)}", deleteEnabled=False)
    for path in (f"/v2/a/manifests/{digest}", "/acr/v1/a"):
        assert error(registry.ask("DELETE", path)) == (405, "DENIED")
    assert registry.push_manifest("a", "v1", image()).status == 201


@pytest.mark.parametrize("thing", ["", "/_tags/v1", "/_manifests/{digest}"])
def test_what_is_locked_against_reading_is_not_pulled(
    registry: EmulatedRegistry, thing: str
) -> None:
    digest = registry.push("a", "v1")
    change(registry, f"a{thing.format(digest=digest)}", readEnabled=False)
    assert error(registry.pull("a", "v1")) == (405, "DENIED")


def test_what_is_locked_against_listing_is_left_out(registry: EmulatedRegistry) -> None:
    for name in ("a", "b"):
        registry.push(name, "v1", "v2")
    change(registry, "a", listEnabled=False)
    change(registry, "b/_tags/v1", listEnabled=False)
    assert registry.ask("GET", "/acr/v1/_catalog").json == {"repositories": ["b"]}
    assert registry.ask("GET", "/v2/b/tags/list").json["tags"] == ["v2"]
    assert [tag["name"] for tag in registry.ask("GET", "/acr/v1/b/_tags").json["tags"]] == ["v2"]
    assert registry.pull("b", "v1").status == 200


def test_a_tag_is_deleted_without_its_manifest(registry: EmulatedRegistry) -> None:
    digest = registry.push("a", "v1")
    assert registry.ask("DELETE", "/acr/v1/a/_tags/v1").status == 202
    assert error(registry.ask("GET", "/acr/v1/a/_tags/v1")) == (404, "TAG_UNKNOWN")
    assert registry.pull("a", digest).status == 200


def test_a_repository_is_deleted_with_all_that_is_in_it(registry: EmulatedRegistry) -> None:
    digest = registry.push("a", "v1", "v2")
    registry.push("b", "v1")
    answer = registry.ask("DELETE", "/acr/v1/a")
    assert answer.status == 202
    assert answer.json == {"manifestsDeleted": [digest], "tagsDeleted": ["v1", "v2"]}
    assert error(registry.ask("GET", "/acr/v1/a")) == (404, "NAME_UNKNOWN")
    assert registry.pull("a", digest).status == 404
    # What others have of the same bytes stays theirs.
    assert registry.pull("b", "v1").status == 200
    assert registry.ask("DELETE", "/acr/v1/b").status == 202
    assert registry.content.usage() == 0


def test_what_refers_to_a_manifest_goes_with_it(registry: EmulatedRegistry) -> None:
    subject = registry.push("a", "v1")
    referrer = registry.push("a", subject={"mediaType": MANIFEST, "digest": subject, "size": 1})
    assert registry.ask("DELETE", f"/v2/a/manifests/{subject}").status == 202
    assert registry.pull("a", referrer).status == 404


@pytest.mark.parametrize("path", ["/acr/v1/_catalog", "/v2/_catalog"])
def test_a_registry_may_be_empty(registry: EmulatedRegistry, path: str) -> None:
    assert registry.ask("GET", path).json == {"repositories": []}
