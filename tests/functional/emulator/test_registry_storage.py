"""The bytes of registries: uploads on their way, blobs behind signed addresses, what is kept."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.emulated import Answer, Emulated, emulated
from tests.emulated_registry import (
    ADMIN,
    CONFIGURATION,
    LAYER,
    MANIFEST,
    EmulatedRegistry,
    basic,
    digest_of,
    image,
    open_registry,
)


@pytest.fixture
def registry(azure: Emulated) -> EmulatedRegistry:
    return open_registry(azure)


def link(registry: EmulatedRegistry, digest: str) -> str:
    return registry.ask("GET", f"/v2/a/blobs/{digest}").headers["location"]


def error(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["errors"][0]["code"]


def test_every_answer_has_the_headers_of_azure(registry: EmulatedRegistry) -> None:
    connection = http.client.HTTPSConnection(registry.host, context=registry.azure.context)
    connection.request("GET", "/v2/", headers={"Authorization": basic(*ADMIN)})
    answer = connection.getresponse()
    security = "max-age=31536000; includeSubDomains"
    assert answer.headers.get_all("strict-transport-security") == [security, security]
    assert answer.headers.get_all("access-control-expose-headers") == [
        "Docker-Content-Digest",
        "WWW-Authenticate",
        "Link",
        "X-Ms-Correlation-Request-Id",
    ]
    assert answer.headers["server"] == "openresty"
    assert answer.headers.get_all("connection") == ["keep-alive"]
    assert answer.headers["docker-distribution-api-version"] == "registry/2.0"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-ms-correlation-request-id"]
    connection.close()


def test_a_blob_is_read_from_another_host_with_the_page_that_says_so(
    registry: EmulatedRegistry,
) -> None:
    digest = registry.push_blob("a", LAYER)
    answer = registry.ask("GET", f"/v2/a/blobs/{digest}")
    location = answer.headers["location"]
    code = digest.removeprefix("sha256:")
    assert urlsplit(location).hostname != urlsplit(f"https://{registry.host}").hostname
    assert f"//docker/registry/v2/blobs/sha256/{code[:2]}/{code}/data?se=" in location
    query = {name: value for name, (value,) in parse_qs(urlsplit(location).query).items()}
    assert list(query) == ["se", "sig", "sp", "spr", "sr", "sv", "regid"]
    assert (query["sp"], query["spr"], query["sr"], query["sv"]) == (
        "r",
        "https",
        "b",
        "2016-05-31",
    )
    page = f'<a href="{location.replace("&", "&amp;")}">Temporary Redirect</a>.\n\n'
    assert answer.body.decode() == page
    stored = registry.azure.ask("GET", location)
    assert stored.headers["x-ms-blob-type"] == "AppendBlob"
    assert stored.headers["content-type"] == "application/octet-stream"
    head = registry.azure.ask("HEAD", location)
    assert (head.status, head.headers["content-length"], head.body) == (200, str(len(LAYER)), b"")


def test_an_address_is_good_for_20_minutes(still: Emulated) -> None:
    registry = open_registry(still)
    location = link(registry, registry.push_blob("a", LAYER))
    still.advance(20 * 60)
    assert still.ask("GET", location).status == 200
    still.advance(1)
    answer = still.ask("GET", location)
    assert (answer.status, answer.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")


def test_an_address_is_for_one_blob_to_be_read_by_whoever_brings_no_token(
    registry: EmulatedRegistry,
) -> None:
    location = link(registry, registry.push_blob("a", LAYER))
    other = registry.push_blob("b", CONFIGURATION).removeprefix("sha256:")
    code = digest_of(LAYER).removeprefix("sha256:")
    ask = registry.azure.ask
    assert ask("GET", location.replace(f"{code[:2]}/{code}", f"{other[:2]}/{other}")).status == 403
    assert ask("GET", location.replace("se=20", "se=21")).status == 403
    assert ask("GET", location.partition("?")[0]).status == 403
    assert ask("GET", location.replace("/data?", "/../data?")).status == 403
    assert ask("PUT", location, b"other").status == 403
    assert ask("GET", location, headers={"Authorization": "Bearer x"}).status == 400
    assert ask("GET", location).body == LAYER


@pytest.mark.parametrize("state", ["old", "", "bm9uc2Vuc2U=", "%%%", "of another upload"])
def test_an_upload_goes_on_where_its_newest_state_says(
    registry: EmulatedRegistry, state: str
) -> None:
    first = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    second = registry.ask("PATCH", first, b"one").headers["location"]
    path, _, signed = second.partition("&_state=")
    told = json.loads(base64.urlsafe_b64decode(signed.replace("%3D", "="))[32:])
    assert list(told) == ["Name", "UUID", "Offset", "StartedAt"]
    assert (told["Name"], told["Offset"]) == ("a", 3)
    another = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    known = {"old": first, "of another upload": another}
    given = known[state].partition("&_state=")[2] if state in known else state
    for method, end in (("PATCH", ""), ("PUT", f"&digest={digest_of(b'onetwo')}")):
        answer = registry.ask(method, f"{path}&_state={given}{end}", b"two")
        assert error(answer) == (404, "BLOB_UPLOAD_INVALID")
    done = registry.ask("PUT", f"{second}&digest={digest_of(b'onetwo')}", b"two")
    assert done.status == 201


@contextlib.contextmanager
def sending(
    registry: EmulatedRegistry, location: str, content: bytes, length: int
) -> Iterator[socket.socket]:
    """A connection on which this much of a chunk has been sent."""
    host, _, port = registry.host.partition(":")
    plain = socket.create_connection((host, int(port)))
    with registry.azure.context.wrap_socket(plain, server_hostname=host) as connection:
        head = (
            f"PATCH {location} HTTP/1.1\r\nHost: {registry.host}\r\n"
            f"Authorization: {basic(*ADMIN)}\r\nContent-Length: {length}\r\n\r\n"
        )
        connection.sendall(head.encode() + content)
        yield connection


def test_an_upload_that_broke_off_goes_on_from_what_came(registry: EmulatedRegistry) -> None:
    location = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    content = bytes(range(256)) * (1 << 13)
    with sending(registry, location, content, 2 * len(content)):
        pass
    answer, before = registry.ask("GET", location), ""
    while before != answer.headers["range"] or before == "0-0":
        before = answer.headers["range"]
        time.sleep(0.1)
        answer = registry.ask("GET", location)
    whole = content * 2
    received = int(answer.headers["range"].removeprefix("0-")) + 1
    assert 0 < received <= len(content)
    path = f"{answer.headers['location']}&digest={digest_of(whole)}"
    assert registry.ask("PUT", path, whole[received:]).status == 201


def test_an_upload_that_is_cancelled_while_it_is_sent_is_gone(
    registry: EmulatedRegistry,
) -> None:
    location = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    content = bytes(4 << 20)
    with sending(registry, location, content, 2 * len(content)) as connection:
        while registry.ask("GET", location).headers["range"] == "0-0":
            time.sleep(0.05)
        assert registry.ask("DELETE", location).status == 204
        connection.sendall(content)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 404")
    assert list(registry.azure.cloud.directory.glob("registries/*/uploads/*")) == []


def test_a_refusal_is_read_by_who_is_still_sending(registry: EmulatedRegistry) -> None:
    """Clients of Azure send every chunk once without a token, to be told what token to get."""
    location = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    assert registry.ask("PATCH", location, bytes(8 << 20), user=None).status == 401


def test_many_upload_at_once(registry: EmulatedRegistry) -> None:
    contents = [bytes([number % 7]) * (1 << 20) for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        digests = list(pool.map(registry.push_blob, [f"r{n}" for n in range(24)], contents))
    for number, digest in enumerate(digests):
        assert registry.ask("HEAD", f"/v2/r{number}/blobs/{digest}").status == 200
    assert registry.content.usage() == 7 << 20


def test_many_push_the_same_tag_at_once(registry: EmulatedRegistry) -> None:
    registry.push("a")

    def push(number: int) -> str:
        return registry.push("a", "v1", annotations={"number": str(number)})

    with ThreadPoolExecutor(8) as pool:
        digests = list(pool.map(push, range(16)))
    assert registry.pull("a", "v1").headers["docker-content-digest"] in digests
    assert all(registry.pull("a", digest).status == 200 for digest in digests)


def test_of_two_who_write_to_an_upload_one_comes_too_late(registry: EmulatedRegistry) -> None:
    location = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    with ThreadPoolExecutor(2) as pool:
        parts = [bytes([n]) * (4 << 20) for n in range(2)]
        answers = list(pool.map(lambda part: registry.ask("PATCH", location, part), parts))
    assert sorted(answer.status for answer in answers) == [202, 404]
    assert registry.ask("GET", location).headers["range"] == f"0-{(4 << 20) - 1}"


def test_a_registry_is_as_it_was_after_a_restart(tmp_path: Path) -> None:
    with emulated(tmp_path) as azure:
        registry = open_registry(azure)
        digest = registry.push("a", "v1")
        location = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
        location = registry.ask("PATCH", location, b"one ").headers["location"]
        token = registry.access_token("repository:a:pull")
        host = registry.host
    with emulated(tmp_path) as azure:
        registry = open_registry(azure)
        assert registry.host == host
        answer = registry.ask("GET", "/v2/a/manifests/v1", token=token)
        assert answer.headers["docker-content-digest"] == digest
        assert azure.ask("GET", link(registry, digest_of(LAYER))).body == LAYER
        done = registry.ask("PUT", f"{location}&digest={digest_of(b'one two')}", b"two")
        assert done.status == 201


def test_registries_have_nothing_in_common(azure: Emulated) -> None:
    one, other = open_registry(azure, "one"), open_registry(azure, "other")
    digest = one.push("a", "v1")
    assert other.pull("a", digest).status == 404
    assert other.ask("GET", f"/v2/a/blobs/{digest_of(LAYER)}").status == 404
    other.push("a", "v1")
    azure.act(one.content.delete)
    assert other.pull("a", "v1").status == 200
    assert azure.ask("GET", link(other, digest_of(LAYER))).body == LAYER
    again = open_registry(azure, "one")
    assert again.pull("a", digest).status == 404
    assert again.content.usage() == 0


def test_usage_counts_once_what_repositories_share(registry: EmulatedRegistry) -> None:
    registry.push("a", "v1")
    size = len(CONFIGURATION) + len(LAYER) + len(registry.pull("a", "v1").body)
    assert registry.content.usage() == size
    registry.push_blob("b", LAYER)
    assert registry.content.usage() == size


def test_a_repository_is_copied_to_another_registry_as_an_import_does(azure: Emulated) -> None:
    source, target = open_registry(azure, "source"), open_registry(azure, "target")
    digest = source.push("a", "v1")

    async def copy() -> str:
        manifest = source.content.manifest("a", "v1")
        for blob in (digest_of(CONFIGURATION), digest_of(LAYER)):
            assert source.content.has_blob("a", blob)
            await target.content.put_blob("b", source.content.read_blob("a", blob), blob)
        body, media_type = manifest.body, manifest.media_type
        return (await target.content.put_manifest("b", "copy", media_type, body)).digest

    assert azure.act(copy) == digest
    assert target.pull("b", "copy").body == source.pull("a", "v1").body
    assert target.content.tags("b") == {"copy": digest}


def test_an_old_manifest_kind_needs_a_client_that_knows_it(registry: EmulatedRegistry) -> None:
    registry.push("a", "v1")
    docker = "application/vnd.docker.distribution.manifest.v2+json"
    for accept, status in ((docker, 404), ("*/*", 200), (f"{docker}, {'application/*'}", 200)):
        answer = registry.ask("GET", "/v2/a/manifests/v1", headers={"Accept": accept})
        assert answer.status == status


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/v2/_catalog?n={'9' * 5000}", None),
        ("GET", "/v2/_catalog?n=-1", None),
        ("GET", "/v2/a/tags/list?n=%C2%B2", None),
        ("GET", "/acr/v1/a/_tags?n=1&orderby=%E2%82%AC%0d%0aX:%20y", None),
        ("GET", "/v2/a%3Fb/manifests/%23", None),
        ("GET", "/v2/a/manifests/..%2F..%2Fb", None),
        ("GET", "/v2/a/blobs/sha256:..%2F..%2F..%2Fstate.sqlite", None),
        ("GET", "/v2/a/blobs/uploads/..%2F..%2Fstate.sqlite", None),
        ("GET", "/v2//", None),
        ("GET", "/v2/a/referrers/%00", None),
        ("POST", "/v2/a/blobs/uploads", b""),
        ("POST", "/v2/a/blobs/uploads/?mount=%0d%0a&from=b", b""),
        ("PATCH", "/acr/v1/a", b"[" * 100_000),
        ("PATCH", "/acr/v1/a", b'"text"'),
        ("PATCH", "/acr/v1/a", b"\xff"),
        ("PUT", "/v2/a/manifests/v1", b"[" * 100_000),
        ("PUT", "/v2/a/manifests/v1", b"\xff"),
        ("POST", "/oauth2/exchange", b"\xff=%FF"),
        ("GET", "/oauth2/token?scope=:::&service=x", None),
        ("TRACE", "/v2/a/manifests/v1", None),
        ("OPTIONS", "/acr/v1/a/_tags", None),
        ("GET", "/elsewhere", None),
    ],
)
def test_no_request_is_too_odd_for_an_answer(
    registry: EmulatedRegistry, method: str, path: str, body: bytes | None
) -> None:
    registry.push("a", "v1", "v2")
    headers = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
    answer = registry.ask(method, path, body, headers=headers)
    assert answer.status < 500


@pytest.mark.parametrize(
    "members",
    [
        {"annotations": [1]},
        {"annotations": {"a": 1}},
        {"artifactType": 1},
        {"subject": "x"},
        {"config": {"mediaType": 1}},
        {"layers": {"a": 1}},
        {"layers": None},
        {"mediaType": None},
        {"schemaVersion": 1},
        {"manifests": [1]},
    ],
)
def test_a_manifest_with_odd_members_is_invalid(
    registry: EmulatedRegistry, members: dict[str, object]
) -> None:
    registry.push("a")
    body = json.dumps({**image(), **members}).encode()
    headers = {"Content-Type": MANIFEST}
    answer = registry.ask("PUT", "/v2/a/manifests/v1", body, headers=headers)
    assert error(answer) == (400, "MANIFEST_INVALID")


def test_annotations_may_be_in_any_script(registry: EmulatedRegistry) -> None:
    subject = {"mediaType": MANIFEST, "digest": digest_of(b"x"), "size": 1}
    annotations = {"name": "Iris germánica 鳶尾", "half": "\ud83d"}
    registry.push("a", annotations=annotations, subject=subject)
    answer = registry.ask("GET", f"/v2/a/referrers/{digest_of(b'x')}")
    assert answer.json["manifests"][0]["annotations"] == annotations
