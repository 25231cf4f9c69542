"""Images that are imported from other registries."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.emulated import Answer, Emulated, emulated
from tests.emulated_registries import (
    OCI,
    admin_login,
    digest_of,
    get_manifest,
    make_registry,
    push_image,
    put_manifest,
    registry_path,
    small_image,
)

VERSION = "2023-11-01-preview"


def import_image(azure: Emulated, body: dict[str, Any], name: str = "target") -> Answer:
    """Asks for an import, and polls until there is a result."""
    path = registry_path(name) + "/importImage"
    answer = azure.arm("POST", path, body, version=VERSION)
    assert answer.status == 202, answer.body
    return result_of(azure, answer.headers["location"])


def result_of(azure: Emulated, location: str) -> Answer:
    for _ in range(500):
        answer = azure.arm("GET", location)
        if answer.status != 202:
            return answer
        time.sleep(0.01)
    raise AssertionError("the import did not end")


def source_and_target(azure: Emulated) -> tuple[dict[str, Any], dict[str, Any]]:
    source = make_registry(azure, "source", adminUserEnabled=True)
    push_image(azure, source["properties"]["loginServer"], admin_login(azure, "source"), "app", "1")
    return source, make_registry(azure, "target", adminUserEnabled=True)


def target_digest(azure: Emulated, target: dict[str, Any], name: str, tag: str) -> str | None:
    server, login = target["properties"]["loginServer"], admin_login(azure, "target")
    return get_manifest(azure, server, login, name, tag).headers.get("docker-content-digest")


def test_an_image_of_another_registry_is_there_after_its_import(azure: Emulated) -> None:
    source, target = source_and_target(azure)
    body = {
        "source": {"resourceId": source["id"], "sourceImage": "app:1"},
        "targetTags": ["copies/app:2", "copies/app:3"],
        "mode": "NoForce",
    }
    done = import_image(azure, body)
    assert (done.status, done.json) == (200, {"status": "Succeeded"})
    server, login = source["properties"]["loginServer"], admin_login(azure, "source")
    digest = get_manifest(azure, server, login, "app", "1").headers["docker-content-digest"]
    assert target_digest(azure, target, "copies/app", "2") == digest
    assert target_digest(azure, target, "copies/app", "3") == digest


def test_an_import_is_polled_at_the_region_in_capitals(still: Emulated) -> None:
    source, _ = source_and_target(still)
    body = {"source": {"resourceId": source["id"], "sourceImage": "app:1"}}
    begun = still.arm("POST", registry_path("target") + "/importImage", body, version=VERSION)
    assert (begun.status, begun.body) == (202, b"")
    assert "/locations/WESTUS/operationResults/registries-" in begun.headers["location"]
    assert "azure-asyncoperation" not in begun.headers
    pending = still.arm("GET", begun.headers["location"])
    assert (pending.status, pending.json) == (202, {"app:1": "Pending", "status": "Accepted"})
    assert list(pending.json) == ["app:1", "status"]
    assert "location" in pending.headers
    still.advance(10)
    done = result_of(still, begun.headers["location"])
    assert (done.status, done.json) == (200, {"status": "Succeeded"})


def test_all_platforms_of_an_index_are_imported(azure: Emulated) -> None:
    source, target = source_and_target(azure)
    server, login = source["properties"]["loginServer"], admin_login(azure, "source")
    manifest, _ = small_image()
    child = get_manifest(azure, server, login, "app", "1").body
    index = {
        "schemaVersion": 2,
        "mediaType": f"{OCI}.index.v1+json",
        "manifests": [
            {
                "mediaType": manifest["mediaType"],
                "digest": digest_of(child),
                "size": len(child),
                "platform": {"os": "linux", "architecture": "amd64"},
            }
        ],
    }
    digest = put_manifest(azure, server, login, "app", "all", index)
    body = {
        "source": {"resourceId": source["id"], "sourceImage": f"app@{digest}"},
        "targetTags": ["app"],
    }
    assert import_image(azure, body).status == 200
    assert target_digest(azure, target, "app", "latest") == digest
    assert target_digest(azure, target, "app", digest_of(child)) == digest_of(child)


def test_a_tag_that_is_there_is_replaced_by_force_only(azure: Emulated) -> None:
    source, _ = source_and_target(azure)
    body = {"source": {"resourceId": source["id"], "sourceImage": "app:1"}, "targetTags": ["app:1"]}
    assert import_image(azure, body).status == 200
    refused = import_image(azure, {**body, "mode": "NoForce"})
    assert (refused.status, refused.code) == (409, "Conflict")
    assert refused.json["status"] == "Failed"
    assert import_image(azure, {**body, "mode": "Force"}).status == 200


def test_an_image_that_is_not_there_fails_the_import(azure: Emulated) -> None:
    source, target = source_and_target(azure)
    body = {
        "source": {"resourceId": source["id"], "sourceImage": "app:none"},
        "targetTags": ["app:1"],
    }
    failed = import_image(azure, body)
    assert (failed.status, failed.code) == (404, "ImageNotFound")
    assert target_digest(azure, target, "app", "1") is None


@pytest.mark.parametrize("right", [True, False])
def test_a_registry_by_its_address_needs_credentials(azure: Emulated, right: bool) -> None:
    source, target = source_and_target(azure)
    username, password = admin_login(azure, "source")
    credentials = {"username": username, "password": password if right else "wrong"}
    server = source["properties"]["loginServer"]
    body = {
        "source": {"registryUri": server, "sourceImage": "app:1", "credentials": credentials},
        "targetTags": ["app:1"],
    }
    result = import_image(azure, body)
    assert (result.status == 200) == right
    assert (target_digest(azure, target, "app", "1") is not None) == right


def test_an_image_comes_from_any_registry_over_https(
    azure: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = make_registry(azure, "target", adminUserEnabled=True)
    with emulated(tmp_path / "elsewhere") as elsewhere:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(elsewhere.ca))
        source = make_registry(
            elsewhere, "source", sku="Standard", adminUserEnabled=True, anonymousPullEnabled=True
        )
        server = source["properties"]["loginServer"]
        digest = push_image(elsewhere, server, admin_login(elsewhere, "source"), "app", "1")
        body = {"source": {"registryUri": server, "sourceImage": "app:1"}, "targetTags": ["app:1"]}
        assert import_image(azure, body).status == 200
    assert target_digest(azure, target, "app", "1") == digest


def test_a_registry_that_does_not_answer_fails_the_import(azure: Emulated) -> None:
    make_registry(azure, "target")
    body = {"source": {"registryUri": "localhost:1", "sourceImage": "app:1"}}
    failed = import_image(azure, body)
    assert (failed.status, failed.code) == (400, "SourceRegistryUnreachable")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"source": "app:1"},
        {"source": {"sourceImage": "app:1"}},
        {"source": {"resourceId": "/subscriptions/none", "sourceImage": "app:1"}},
        {"source": {"registryUri": "localhost:1", "sourceImage": 5}},
        {"source": {"registryUri": "localhost:1", "sourceImage": "a"}, "targetTags": "a:1"},
        {"source": {"registryUri": "localhost:1", "sourceImage": "a"}, "mode": "Never"},
        {"source": {"registryUri": "localhost:1", "sourceImage": "a", "credentials": "x"}},
    ],
)
def test_what_is_no_import_is_refused_at_once(azure: Emulated, body: dict[str, Any]) -> None:
    make_registry(azure, "target")
    answer = azure.arm("POST", registry_path("target") + "/importImage", body, version=VERSION)
    assert answer.status in (400, 404)
    assert answer.code
