"""The OCI distribution specification 1.1, requirement by requirement.

Each test cites the section, and the sentence that it holds the registry to. The specification:
https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterator

import pytest

from tests.emulated import Answer, Emulated, emulated
from tests.emulated_registry import (
    CONFIGURATION,
    INDEX,
    LAYER,
    MANIFEST,
    OCI,
    EmulatedRegistry,
    descriptor,
    digest_of,
    image,
    open_registry,
)

NOWHERE = digest_of(b"nowhere")
SBOM = "application/vnd.example.sbom.v1"
CODES = (
    *("BLOB_UNKNOWN", "BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID"),
    *("MANIFEST_BLOB_UNKNOWN", "MANIFEST_INVALID", "MANIFEST_UNKNOWN", "NAME_INVALID"),
    *("NAME_UNKNOWN", "SIZE_INVALID", "UNAUTHORIZED", "DENIED", "UNSUPPORTED", "TOOMANYREQUESTS"),
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    with emulated(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture
def registry(shared: Emulated) -> EmulatedRegistry:
    """A registry of the test's own, in an emulator that all tests here share."""
    return open_registry(shared, f"registry{uuid.uuid4().hex[:12]}")


def code(answer: Answer) -> str:
    return str(answer.json["errors"][0]["code"])


def chunk(begin: int, content: bytes) -> dict[str, str]:
    return {"Content-Range": f"{begin}-{begin + len(content) - 1}"}


# Determining Support


def test_the_version_endpoint_says_that_the_specification_is_implemented(
    registry: EmulatedRegistry,
) -> None:
    """Determining Support: "If the response is 200 OK, then the registry implements this"."""
    answer = registry.ask("GET", "/v2/")
    assert answer.status == 200
    assert answer.headers["docker-distribution-api-version"] == "registry/2.0"
    assert registry.ask("GET", "/v2/", user=None).status == 401


# Pull


def test_a_manifest_is_pulled_by_tag_and_by_digest(registry: EmulatedRegistry) -> None:
    """Pulling manifests: "MUST provide the expected manifest, with a response code [...] 200"."""
    digest = registry.push("a/b", "v1")
    for reference in ("v1", digest):
        answer = registry.pull("a/b", reference)
        assert (answer.status, json.loads(answer.body)) == (200, image())
        assert digest_of(answer.body) == digest
        # "SHOULD contain the digest", "SHOULD match what the client pushed", "SHOULD NOT include
        # parameters".
        assert answer.headers["docker-content-digest"] == digest
        assert answer.headers["content-type"] == MANIFEST


@pytest.mark.parametrize("name", ["a", "a/b/c", "a.b/c_d", "a__b", "a--b", "blobs/tags", "x" * 250])
def test_a_repository_may_be_called_whatever_the_grammar_allows(
    registry: EmulatedRegistry, name: str
) -> None:
    """Pulling manifests: "`<name>` MUST match the following regular expression"."""
    registry.push(name, "v1")
    assert registry.pull(name, "v1").status == 200


@pytest.mark.parametrize("name", ["A", "a//b", "-a", "a/", "a..b", "a___b", "x" * 256])
def test_other_names_of_repositories_are_refused(registry: EmulatedRegistry, name: str) -> None:
    """Pulling manifests: "`<name>` MUST match the following regular expression"."""
    answer = registry.ask("POST", f"/v2/{name}/blobs/uploads/", b"")
    assert (answer.status, code(answer)) == (400, "NAME_INVALID")


@pytest.mark.parametrize("tag", ["a", "_a", "A.b-c_d", "1", "x" * 128])
def test_a_tag_may_be_whatever_the_grammar_allows(registry: EmulatedRegistry, tag: str) -> None:
    """Pulling manifests: "a tag MUST be at most 128 characters in length and MUST match"."""
    registry.push("a", tag)
    assert registry.pull("a", tag).status == 200


@pytest.mark.parametrize("tag", [".a", "-a", "a%20b", "x" * 129])
def test_other_tags_are_refused(registry: EmulatedRegistry, tag: str) -> None:
    """Pulling manifests: "a tag MUST be at most 128 characters in length and MUST match"."""
    registry.push("a")
    assert registry.push_manifest("a", tag, image()).status == 400
    assert registry.ask("GET", f"/v2/a/manifests/{tag}").status == 404


@pytest.mark.parametrize("reference", ["v2", NOWHERE])
@pytest.mark.parametrize("repository", ["a", "nowhere"])
def test_a_manifest_that_is_not_there_is_not_found(
    registry: EmulatedRegistry, repository: str, reference: str
) -> None:
    """Pulling manifests: "If the manifest is not found [...] MUST be 404 Not Found"."""
    registry.push("a", "v1")
    answer = registry.pull(repository, reference)
    assert (answer.status, code(answer)) == (404, "MANIFEST_UNKNOWN")


def test_a_blob_is_pulled(registry: EmulatedRegistry) -> None:
    """Pulling blobs: "MUST provide the expected blob, with a response code [...] 200 OK".

    The way there is a redirection, as of Azure's.
    """
    digest = registry.push_blob("a", LAYER)
    answer = registry.ask("GET", f"/v2/a/blobs/{digest}")
    assert (answer.status, answer.headers["docker-content-digest"]) == (307, digest)
    stored = registry.azure.ask("GET", answer.headers["location"])
    assert (stored.status, stored.body) == (200, LAYER)


def test_a_blob_of_another_repository_is_not_found(registry: EmulatedRegistry) -> None:
    """Pulling blobs: "If the blob is not found in the repository [...] MUST be 404 Not Found"."""
    digest = registry.push_blob("a", LAYER)
    for repository, wanted in (("b", digest), ("a", NOWHERE)):
        for method in ("GET", "HEAD"):
            answer = registry.ask(method, f"/v2/{repository}/blobs/{wanted}")
            assert answer.status == 404
    assert code(registry.ask("GET", f"/v2/b/blobs/{digest}")) == "BLOB_UNKNOWN"


def test_a_part_of_a_blob_is_pulled(registry: EmulatedRegistry) -> None:
    """Pulling blobs: "A registry SHOULD support the Range request header"."""
    digest = registry.push_blob("a", b"0123456789")
    location = registry.ask("GET", f"/v2/a/blobs/{digest}").headers["location"]
    for wanted, content, shown in (
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ):
        answer = registry.azure.ask("GET", location, headers={"Range": wanted})
        assert (answer.status, answer.body) == (206, content)
        assert answer.headers["content-range"] == shown
    beyond = registry.azure.ask("GET", location, headers={"Range": "bytes=10-"})
    assert beyond.status == 416


def test_what_is_there_can_be_asked_without_pulling_it(registry: EmulatedRegistry) -> None:
    """Checking if content exists: "A HEAD request to an existing blob or manifest URL MUST
    return 200 OK", "SHOULD contain the digest", "SHOULD contain the size in bytes"."""
    digest = registry.push("a", "v1")
    size = len(registry.pull("a", digest).body)
    for path, about, length in (
        ("manifests/v1", digest, size),
        (f"manifests/{digest}", digest, size),
        (f"blobs/{digest_of(LAYER)}", digest_of(LAYER), len(LAYER)),
    ):
        answer = registry.ask("HEAD", f"/v2/a/{path}")
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["docker-content-digest"] == about
        assert answer.headers["content-length"] == str(length)


@pytest.mark.parametrize("path", ["manifests/v2", f"manifests/{NOWHERE}", f"blobs/{NOWHERE}"])
def test_what_is_not_there_is_not_found_without_pulling_it(
    registry: EmulatedRegistry, path: str
) -> None:
    """Checking if content exists: "If the blob or manifest is not found [...] MUST be 404"."""
    registry.push("a", "v1")
    assert registry.ask("HEAD", f"/v2/a/{path}").status == 404


# Push: blobs


def test_a_blob_is_pushed_by_post_then_put(registry: EmulatedRegistry) -> None:
    """POST then PUT: "MUST have a code of 202 Accepted, and MUST include [...] Location", "MUST
    contain a UUID"; then "MUST have code 201 Created and MUST have [...] Location"."""
    begun = registry.ask("POST", "/v2/a/blobs/uploads/", b"")
    assert begun.status == 202
    assert re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", begun.headers["location"])
    digest = digest_of(LAYER)
    done = registry.ask("PUT", f"{begun.headers['location']}&digest={digest}", LAYER)
    assert done.status == 201
    assert registry.ask("HEAD", done.headers["location"]).status == 200


def test_a_blob_is_pushed_by_a_single_post(registry: EmulatedRegistry) -> None:
    """Single POST: "MUST return a 201 Created and MUST include [...] Location"."""
    path = f"/v2/a/blobs/uploads/?digest={digest_of(LAYER)}"
    done = registry.ask("POST", path, LAYER)
    assert done.status == 201
    assert registry.ask("HEAD", done.headers["location"]).status == 200


def test_a_blob_with_another_digest_is_refused(registry: EmulatedRegistry) -> None:
    """Single POST: "the <digest> MUST match the blob's digest"; Error Codes: DIGEST_INVALID."""
    posted = registry.ask("POST", f"/v2/a/blobs/uploads/?digest={NOWHERE}", LAYER)
    begun = registry.ask("POST", "/v2/a/blobs/uploads/", b"")
    put = registry.ask("PUT", f"{begun.headers['location']}&digest={NOWHERE}", LAYER)
    for answer in (posted, put):
        assert (answer.status, code(answer)) == (400, "DIGEST_INVALID")
    for digest in (NOWHERE, digest_of(LAYER)):
        assert registry.ask("HEAD", f"/v2/a/blobs/{digest}").status == 404


@pytest.mark.parametrize("digest", ["", "sha256:12", "md5:" + "0" * 32, "sha256:" + "G" * 64])
def test_an_upload_is_finished_with_a_digest_only(registry: EmulatedRegistry, digest: str) -> None:
    """Pushing a blob in chunks: "The closing PUT request MUST include the <digest>"."""
    begun = registry.ask("POST", "/v2/a/blobs/uploads/", b"")
    answer = registry.ask("PUT", f"{begun.headers['location']}&digest={digest}", LAYER)
    assert (answer.status, code(answer)) == (400, "DIGEST_INVALID")


def test_a_blob_may_have_a_sha512_digest(registry: EmulatedRegistry) -> None:
    """Pulling blobs: "<digest> is the blob's digest", of any registered algorithm."""
    digest = f"sha512:{hashlib.sha512(LAYER).hexdigest()}"
    begun = registry.ask("POST", "/v2/a/blobs/uploads/", b"")
    done = registry.ask("PUT", f"{begun.headers['location']}&digest={digest}", LAYER)
    assert done.status == 201
    location = registry.ask("GET", f"/v2/a/blobs/{digest}").headers["location"]
    assert registry.azure.ask("GET", location).body == LAYER


@pytest.mark.parametrize("last", ["PATCH", "PUT"])
def test_a_blob_is_pushed_in_chunks(registry: EmulatedRegistry, last: str) -> None:
    """Pushing a blob in chunks: "Each successful chunk upload MUST have a 202 Accepted [...] and
    MUST have [...] Location [and] Range: 0-<end-of-range>"; "The final chunk MAY be uploaded
    using a PATCH request or [...] in the closing PUT"; "MUST be 201 Created, and MUST contain
    [...] Location"."""
    location = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    chunks = [b"one ", b"two ", b"three"]
    received = 0
    for content in chunks if last == "PATCH" else chunks[:-1]:
        answer = registry.ask("PATCH", location, content, headers=chunk(received, content))
        received += len(content)
        assert (answer.status, answer.headers["range"]) == (202, f"0-{received - 1}")
        location = answer.headers["location"]
    rest = b"" if last == "PATCH" else chunks[-1]
    digest = digest_of(b"".join(chunks))
    headers = chunk(received, rest) if rest else None
    done = registry.ask("PUT", f"{location}&digest={digest}", rest, headers=headers)
    assert done.status == 201
    assert done.headers["location"] == f"/v2/a/blobs/{digest}"
    assert registry.ask("HEAD", done.headers["location"]).status == 200


def test_a_blob_is_pushed_as_a_stream(registry: EmulatedRegistry) -> None:
    """Pushing a blob in chunks, with one chunk that does not say how long it is."""
    location = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    answer = registry.ask("PATCH", location, LAYER)
    assert (answer.status, answer.headers["range"]) == (202, f"0-{len(LAYER) - 1}")
    digest = digest_of(LAYER)
    done = registry.ask("PUT", f"{answer.headers['location']}&digest={digest}", b"")
    assert done.status == 201


@pytest.mark.parametrize("begin", [0, 3, 5, 99])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_chunk_out_of_order_is_refused_and_the_upload_goes_on(
    registry: EmulatedRegistry, method: str, begin: int
) -> None:
    """Pushing a blob in chunks: "If a chunk is uploaded out of order, the registry MUST respond
    with a 416 Requested Range Not Satisfiable code"."""
    location = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    first = registry.ask("PATCH", location, b"0123", headers=chunk(0, b"0123"))
    location = first.headers["location"]
    digest = digest_of(b"01234567")
    path = location if method == "PATCH" else f"{location}&digest={digest}"
    assert registry.ask(method, path, b"4567", headers=chunk(begin, b"4567")).status == 416
    location = registry.ask("GET", location).headers["location"]
    done = registry.ask("PUT", f"{location}&digest={digest}", b"4567", headers=chunk(4, b"4567"))
    assert done.status == 201


def test_the_first_chunk_begins_with_0(registry: EmulatedRegistry) -> None:
    """Pushing a blob in chunks: "The first chunk's range MUST begin with 0"."""
    location = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    assert registry.ask("PATCH", location, LAYER, headers=chunk(1, LAYER)).status == 416


def test_a_chunk_is_as_long_as_its_range_says(registry: EmulatedRegistry) -> None:
    """Pushing a blob in chunks: "The <length> is the content-length, in bytes, of the current
    chunk"; Error Codes: SIZE_INVALID."""
    location = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    answer = registry.ask("PATCH", location, LAYER, headers=chunk(0, LAYER * 2))
    assert (answer.status, code(answer)) == (400, "SIZE_INVALID")
    assert registry.ask("GET", location).headers["range"] == "0-0"


def test_the_status_of_an_upload_is_shown_at_any_of_its_locations(
    registry: EmulatedRegistry,
) -> None:
    """Pushing a blob in chunks: "The response to an active upload <location> MUST be a 204 No
    Content [...] and MUST have [...] Location [and] Range", for "any preceding" location."""
    first = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    second = registry.ask("PATCH", first, b"0123").headers["location"]
    for location in (first, second):
        answer = registry.ask("GET", location)
        assert (answer.status, answer.headers["range"]) == (204, "0-3")
        assert answer.headers["location"] == second


def test_an_upload_that_is_over_is_unknown(registry: EmulatedRegistry) -> None:
    """Error Codes: BLOB_UPLOAD_UNKNOWN, after its end, its cancellation, and before its begin."""
    finished = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    registry.ask("PUT", f"{finished}&digest={digest_of(LAYER)}", LAYER)
    cancelled = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    assert registry.ask("DELETE", cancelled).status == 204
    elsewhere = registry.ask("POST", "/v2/a/blobs/uploads/", b"").headers["location"]
    for location in (finished, cancelled, elsewhere.replace("/v2/a/", "/v2/b/")):
        for method in ("GET", "PATCH", "DELETE"):
            answer = registry.ask(method, location, None if method == "GET" else b"")
            assert (answer.status, code(answer)) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_a_blob_is_mounted_from_another_repository(registry: EmulatedRegistry) -> None:
    """Mounting a blob: "The response to a successful mount MUST be 201 Created, and MUST contain
    [...] Location"."""
    digest = registry.push_blob("source", LAYER)
    answer = registry.ask("POST", f"/v2/a/blobs/uploads/?mount={digest}&from=source", b"")
    assert (answer.status, answer.headers["location"]) == (201, f"/v2/a/blobs/{digest}")
    assert registry.ask("HEAD", f"/v2/a/blobs/{digest}").status == 200


@pytest.mark.parametrize("query", [f"mount={NOWHERE}&from=source", f"mount={NOWHERE}"])
def test_a_blob_that_cannot_be_mounted_begins_an_upload(
    registry: EmulatedRegistry, query: str
) -> None:
    """Mounting a blob: "if a registry [...] is unable to mount [...], it SHOULD return a 202"."""
    registry.push_blob("source", LAYER)
    answer = registry.ask("POST", f"/v2/a/blobs/uploads/?{query}", b"")
    assert answer.status == 202
    path = f"{answer.headers['location']}&digest={digest_of(LAYER)}"
    assert registry.ask("PUT", path, LAYER).status == 201


# Push: manifests


def test_a_manifest_is_kept_byte_for_byte(registry: EmulatedRegistry) -> None:
    """Pushing Manifests: "MUST store the manifest in the exact byte representation", "MUST return
    response code 201 Created, and MUST have [...] Location"; parameters of the media type are
    ignored."""
    registry.push("a")
    body = json.dumps(image(), indent=7).encode() + b"\n\n"
    headers = {"Content-Type": f"{MANIFEST}; charset=utf-8"}
    answer = registry.ask("PUT", "/v2/a/manifests/odd", body, headers=headers)
    assert answer.status == 201
    assert answer.headers["docker-content-digest"] == digest_of(body)
    assert registry.ask("GET", answer.headers["location"]).body == body
    assert registry.pull("a", "odd").body == body


def test_a_manifest_is_pushed_under_its_own_digest_only(registry: EmulatedRegistry) -> None:
    """Pushing Manifests: the digest "MUST be equal to the client provided digest"."""
    digest = registry.push("a")
    assert registry.push_manifest("a", digest, image()).status == 201
    answer = registry.push_manifest("a", NOWHERE, image())
    assert (answer.status, code(answer)) == (400, "DIGEST_INVALID")


def test_the_list_of_blobs_may_be_empty(registry: EmulatedRegistry) -> None:
    """Pushing Manifests: "the list of blobs MAY be empty"."""
    registry.push_blob("a", CONFIGURATION)
    assert registry.push_manifest("a", "v1", image(layers=[])).status == 201


@pytest.mark.parametrize(
    "content",
    [
        image(layers=[descriptor(b"nowhere", f"{OCI}.layer.v1.tar")]),
        image(config=descriptor(b"nowhere", f"{OCI}.config.v1+json")),
        {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [descriptor(b"nowhere", MANIFEST)],
        },
    ],
    ids=["layer", "configuration", "manifest"],
)
def test_a_manifest_of_what_is_not_there_is_refused(
    registry: EmulatedRegistry, content: dict[str, object]
) -> None:
    """Push: "When a manifest is rejected for this reason, it MUST result in one or more
    MANIFEST_BLOB_UNKNOWN errors"."""
    registry.push("a")
    answer = registry.push_manifest("a", "v1", content)
    assert (answer.status, code(answer)) == (400, "MANIFEST_BLOB_UNKNOWN")
    assert registry.pull("a", "v1").status == 404


def test_an_index_of_manifests_is_pushed(registry: EmulatedRegistry) -> None:
    """Pushing Manifests, of the other kind."""
    child = registry.push("a")
    size = len(registry.pull("a", child).body)
    manifests = [{"mediaType": MANIFEST, "digest": child, "size": size}]
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
    assert registry.push_manifest("a", "all", index).status == 201
    assert registry.pull("a", "all").headers["content-type"] == INDEX


def test_a_manifest_has_to_be_what_its_media_type_says(registry: EmulatedRegistry) -> None:
    """Pushing Manifests: "clients MUST set the Content-Type header to the value specified by the
    mediaType field"; Error Codes: MANIFEST_INVALID."""
    registry.push("a")
    body = json.dumps(image()).encode()
    for media_type, content in (
        (INDEX, body),
        ("application/json", body),
        ("application/vnd.docker.distribution.manifest.v2+json", body),
        (MANIFEST, b"{}"),
        (MANIFEST, b"[]"),
        (MANIFEST, b"no JSON"),
        (MANIFEST, json.dumps({**image(), "layers": [{"digest": "x"}]}).encode()),
        (MANIFEST, json.dumps({**image(), "config": None}).encode()),
    ):
        headers = {"Content-Type": media_type}
        answer = registry.ask("PUT", "/v2/a/manifests/v1", content, headers=headers)
        assert (answer.status, code(answer)) == (400, "MANIFEST_INVALID")


@pytest.mark.parametrize(("surplus", "status"), [(0, 201), (1, 413)])
def test_a_manifest_has_4_megabytes_at_the_most(
    registry: EmulatedRegistry, surplus: int, status: int
) -> None:
    """Pushing Manifests: "SHOULD respond to a request to push a manifest over this limit with
    [...] 413 Payload Too Large", "at least 4 megabytes"."""
    registry.push("a")
    body = json.dumps(image()).encode()
    body += b" " * ((4 << 20) - len(body) + surplus)
    answer = registry.ask("PUT", "/v2/a/manifests/v1", body, headers={"Content-Type": MANIFEST})
    assert answer.status == status


def test_a_manifest_may_refer_to_a_subject_that_is_not_there(registry: EmulatedRegistry) -> None:
    """Push: "MUST initially accept an otherwise valid manifest with a subject field that
    references a manifest that does not exist"; Pushing Manifests with Subject: "MUST respond
    with the response header OCI-Subject"."""
    registry.push("a")
    answer = registry.push_manifest("a", None, image(subject=descriptor(b"nowhere", MANIFEST)))
    assert (answer.status, answer.headers["oci-subject"]) == (201, NOWHERE)
    assert "oci-subject" not in registry.push_manifest("a", None, image()).headers


# Content Discovery: tags


def test_tags_are_listed_in_lexical_order(registry: EmulatedRegistry) -> None:
    """Listing Tags: "MUST return a 200 OK", "MUST be in lexical order (i.e. case-insensitive
    alphanumeric order)", "MUST be a json body in the following format"."""
    registry.push("a", "b", "C", "a", "10", "9")
    answer = registry.ask("GET", "/v2/a/tags/list")
    assert answer.status == 200
    assert answer.json == {"name": "a", "tags": ["10", "9", "a", "b", "C"]}


def test_the_list_of_tags_may_be_empty(registry: EmulatedRegistry) -> None:
    """Listing Tags: "The list of tags MAY be empty if there are no tags on the repository"."""
    registry.push("a")
    assert registry.ask("GET", "/v2/a/tags/list").json == {"name": "a", "tags": []}


def test_the_tags_of_no_repository_are_not_found(registry: EmulatedRegistry) -> None:
    """Endpoints: end-8a answers 404; Error Codes: NAME_UNKNOWN."""
    answer = registry.ask("GET", "/v2/nowhere/tags/list")
    assert (answer.status, code(answer)) == (404, "NAME_UNKNOWN")


def test_tags_are_listed_in_pages(registry: EmulatedRegistry) -> None:
    """Listing Tags: "the response MUST include <int> results", the Link "MUST be set [...] with
    the Relation Type rel="next"", "up to <int> tags after <tagname> will be returned"."""
    registry.push("a", "a", "B", "c", "d", "e")
    path, pages = "/v2/a/tags/list?n=2", []
    while path:
        answer = registry.ask("GET", path)
        pages.append(answer.json["tags"])
        found = re.fullmatch(r'<(.+)>; rel="next"', answer.headers.get("link", ""))
        path = found[1] if found else ""
    assert pages == [["a", "B"], ["c", "d"], ["e"]]


@pytest.mark.parametrize(
    ("query", "tags"),
    [
        ("n=0", []),
        ("n=0&last=a", []),
        ("n=99", ["a", "b", "d"]),
        ("n=3", ["a", "b", "d"]),
        ("last=a", ["b", "d"]),
        ("last=c", ["d"]),
        ("n=1&last=a", ["b"]),
        ("last=d", []),
    ],
)
def test_a_part_of_the_tags_is_listed(
    registry: EmulatedRegistry, query: str, tags: list[str]
) -> None:
    """Listing Tags: "When n is zero, this endpoint MUST return an empty list, and MUST NOT include
    a Link header"; "When using the last query parameter, the n parameter is OPTIONAL"."""
    registry.push("a", "a", "b", "d")
    answer = registry.ask("GET", f"/v2/a/tags/list?{query}")
    assert answer.json["tags"] == tags
    assert ("link" in answer.headers) == (query == "n=1&last=a")


# Content Discovery: referrers


def test_referrers_are_listed_with_their_types_and_annotations(registry: EmulatedRegistry) -> None:
    """Listing Referrers: "MUST be a JSON body with an image index", "The Content-Type header MUST
    be set to application/vnd.oci.image.index.v1+json", "MUST include an artifactType field [...]
    if present", else "MUST be set to the config descriptor mediaType value", "MUST include
    annotations"."""
    subject = registry.push("a", "v1")
    about = {"mediaType": MANIFEST, "digest": subject, "size": 1}
    typed = registry.push("a", artifactType=SBOM, subject=about, annotations={"org.example": "1"})
    plain = registry.push("a", subject=about)
    answer = registry.ask("GET", f"/v2/a/referrers/{subject}")
    assert (answer.status, answer.headers["content-type"]) == (200, INDEX)
    assert (answer.json["schemaVersion"], answer.json["mediaType"]) == (2, INDEX)
    found = {each["digest"]: each for each in answer.json["manifests"]}
    assert set(found) == {typed, plain}
    assert found[typed]["artifactType"] == SBOM
    assert found[typed]["annotations"] == {"org.example": "1"}
    assert found[typed]["mediaType"] == MANIFEST
    assert found[typed]["size"] == len(registry.pull("a", typed).body)
    assert found[plain]["artifactType"] == f"{OCI}.config.v1+json"
    assert "oci-filters-applied" not in answer.headers


def test_an_index_may_be_a_referrer(registry: EmulatedRegistry) -> None:
    """Listing Referrers: "If the artifactType is empty or missing in an index, the artifactType
    MUST be omitted"."""
    subject = {"mediaType": MANIFEST, "digest": NOWHERE, "size": 1}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "subject": subject}
    assert registry.push_manifest("a", "all", index).headers["oci-subject"] == NOWHERE
    (found,) = registry.ask("GET", f"/v2/a/referrers/{NOWHERE}").json["manifests"]
    assert "artifactType" not in found


def test_referrers_are_filtered_by_type(registry: EmulatedRegistry) -> None:
    """Listing Referrers: "If filtering is requested and applied, the response MUST include a header
    OCI-Filters-Applied: artifactType"."""
    subject = {"mediaType": MANIFEST, "digest": NOWHERE, "size": 1}
    typed = registry.push("a", artifactType=SBOM, subject=subject)
    registry.push("a", subject=subject)
    answer = registry.ask("GET", f"/v2/a/referrers/{NOWHERE}?artifactType={SBOM}")
    assert [each["digest"] for each in answer.json["manifests"]] == [typed]
    assert answer.headers["oci-filters-applied"] == "artifactType"


@pytest.mark.parametrize("repository", ["a", "nowhere"])
def test_no_referrers_are_an_empty_list(registry: EmulatedRegistry, repository: str) -> None:
    """Listing Referrers: "the registry MUST NOT return a 404 Not Found", "an empty manifest list
    MUST be returned"."""
    registry.push("a", "v1")
    answer = registry.ask("GET", f"/v2/{repository}/referrers/{NOWHERE}")
    assert (answer.status, answer.json["manifests"]) == (200, [])


def test_the_referrers_of_no_digest_are_refused(registry: EmulatedRegistry) -> None:
    """Listing Referrers: "If the request is invalid, such as a <digest> with an invalid syntax, a
    400 Bad Request MUST be returned"."""
    assert registry.ask("GET", "/v2/a/referrers/latest").status == 400


# Content Management


def test_a_tag_is_deleted_and_nothing_else(registry: EmulatedRegistry) -> None:
    """Deleting tags: "MUST respond with a 202 Accepted code", "Once deleted, a GET [...] will
    return a 404"."""
    digest = registry.push("a", "v1", "v2")
    assert registry.ask("DELETE", "/v2/a/manifests/v1").status == 202
    assert registry.pull("a", "v1").status == 404
    assert registry.pull("a", "v2").status == 200
    assert registry.pull("a", digest).status == 200
    assert registry.ask("DELETE", "/v2/a/manifests/v1").status == 404


def test_a_manifest_is_deleted_with_its_tags(registry: EmulatedRegistry) -> None:
    """Deleting Manifests: "MUST respond with a 202 Accepted", "a GET to [its digest] and any tag
    pointing to that digest will return a 404"."""
    digest = registry.push("a", "v1", "v2")
    assert registry.ask("DELETE", f"/v2/a/manifests/{digest}").status == 202
    for reference in ("v1", "v2", digest):
        assert registry.pull("a", reference).status == 404
    assert registry.ask("GET", "/v2/a/tags/list").json["tags"] == []


@pytest.mark.parametrize("repository", ["a", "nowhere"])
def test_a_manifest_that_is_not_there_cannot_be_deleted(
    registry: EmulatedRegistry, repository: str
) -> None:
    """Deleting Manifests: "If the repository does not exist, the response MUST return 404"."""
    registry.push("a", "v1")
    answer = registry.ask("DELETE", f"/v2/{repository}/manifests/{NOWHERE}")
    assert (answer.status, code(answer)) == (404, "MANIFEST_UNKNOWN")


def test_a_blob_is_deleted_from_one_repository(registry: EmulatedRegistry) -> None:
    """Deleting Blobs: "MUST respond with code 202 Accepted. If the blob is not found, a 404 Not
    Found code MUST be returned"."""
    digest = registry.push_blob("a", LAYER)
    registry.push_blob("b", LAYER)
    assert registry.ask("DELETE", f"/v2/a/blobs/{digest}").status == 202
    assert registry.ask("HEAD", f"/v2/a/blobs/{digest}").status == 404
    assert registry.ask("DELETE", f"/v2/a/blobs/{digest}").status == 404
    location = registry.ask("GET", f"/v2/b/blobs/{digest}").headers["location"]
    assert registry.azure.ask("GET", location).body == LAYER


# Error Codes


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/"),
        ("GET", "/v2/a/manifests/nowhere"),
        ("GET", "/v2/A/manifests/v1"),
        ("GET", f"/v2/a/blobs/{NOWHERE}"),
        ("PUT", "/v2/a/manifests/v1"),
        ("PUT", "/v2/a/blobs/uploads/nowhere"),
        ("POST", "/v2/a/manifests/v1"),
        ("POST", "/v2/a/blobs/uploads/?digest=x"),
        ("DELETE", "/v2/a/tags/list"),
    ],
)
def test_every_error_has_a_code_of_the_specification(
    registry: EmulatedRegistry, method: str, path: str
) -> None:
    """Error Codes: "The code field MUST be one of the following"."""
    user = None if path == "/v2/" else ("testregistry", "admin-password")
    answer = registry.ask(method, path, None if method == "GET" else b"", user=user)
    assert 400 <= answer.status < 500
    assert code(answer) in CODES
    assert answer.headers["content-type"].startswith("application/json")
