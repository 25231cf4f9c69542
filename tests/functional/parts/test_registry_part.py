"""The registry that tests stand on does what it says."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.functional.parts.conftest import Client, Connect
from tests.parts import MissingPartError, program
from tests.parts.fixtures import started
from tests.parts.registry import RunningRegistry, authorization, registry


def test_it_shows_what_is_stored(registry_part: RunningRegistry, client: Client) -> None:
    digest = client.upload("shown/nested", b"content")
    assert registry_part.blob_path(digest).read_bytes() == b"content"
    assert digest in registry_part.blobs()
    assert registry_part.linked_blobs("shown/nested") == {digest}
    assert "shown/nested" in registry_part.repositories()
    assert "shown" not in registry_part.repositories()


def test_it_names_blobs_that_a_manifest_lacks(
    registry_part: RunningRegistry, client: Client
) -> None:
    digest = client.upload("lacking", b"{}")
    media = "application/vnd.oci.image.manifest.v1+json"
    configuration = {"mediaType": "application/json", "digest": digest, "size": 2}
    manifest = {"schemaVersion": 2, "mediaType": media, "config": configuration, "layers": []}
    kind = {"Content-Type": media}
    put = client.ask("PUT", "/v2/lacking/manifests/1", json.dumps(manifest).encode(), **kind)
    assert put.status == 201
    assert registry_part.tags("lacking") == {"1": put.headers["Docker-Content-Digest"]}
    assert not registry_part.missing_blobs()
    stored = registry_part.blob_path(digest)
    stored.rename(stored.with_suffix(".away"))
    assert registry_part.missing_blobs() == {digest}
    stored.with_suffix(".away").rename(stored)


def test_locations_are_relative_or_not(registry_part: RunningRegistry, client: Client) -> None:
    relative = client.ask("POST", "/v2/relative/blobs/uploads/")
    assert relative.headers["Location"].startswith("/v2/")
    with started(registry(relative_urls=False)) as absolute:
        connection = absolute.connection()
        connection.request("POST", "/v2/a/blobs/uploads/", headers={"Host": absolute.host})
        location = connection.getresponse().headers["Location"]
        connection.close()
    assert location.startswith(f"https://{absolute.host}/v2/")


def test_it_asks_for_a_password() -> None:
    with started(registry(users={"user": "secret"})) as private:
        connection = private.connection()
        for headers, status in (
            ({}, 401),
            (authorization({"user": "wrong"}), 401),
            (authorization(private.users), 200),
        ):
            connection.request("GET", "/v2/", headers=headers)
            response = connection.getresponse()
            response.read()
            assert response.status == status
        connection.close()
    assert authorization({"u": "p"})["Authorization"].endswith(base64.b64encode(b"u:p").decode())


def test_it_can_be_read_only_and_find_what_another_stored(tmp_path: Path) -> None:
    with started(registry(directory=tmp_path)) as writable:
        client = Client(writable, writable)
        digest = client.upload("kept", b"content")
        client.close()
    with started(registry(directory=tmp_path, read_only=True)) as closed:
        client = Client(closed, closed)
        assert client.ask("GET", f"/v2/kept/blobs/{digest}").body == b"content"
        assert client.ask("POST", "/v2/kept/blobs/uploads/").status == 405
        client.close()


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(MissingPartError, match="apt-get install its-package"):
        program("no-such-program", package="its-package")


@pytest.fixture
def client(registry_part: RunningRegistry, connect: Connect) -> Client:
    return connect(registry_part)
