from __future__ import annotations

import json

import pytest

from acideploy.registry.descriptor import (
    Index,
    describe,
    descriptor_from_json,
    descriptor_to_json,
    digest_to_hex,
    index_from_json,
    index_to_json,
)

FOREIGN = {
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "digest": f"sha256:{'a' * 64}",
    "size": 3,
    "platform": {"os": "linux", "architecture": "amd64"},
    "urls": ["https://example.com"],
    "annotations": {"org.opencontainers.image.ref.name": "base"},
}


def test_what_other_tools_say_of_a_manifest_is_kept() -> None:
    assert descriptor_to_json(descriptor_from_json(FOREIGN)) == FOREIGN


def test_an_index_is_written_as_it_was_read() -> None:
    written = {"schemaVersion": 2, "manifests": [FOREIGN], "annotations": {"a": "b"}}
    again = json.loads(index_to_json(index_from_json(json.dumps(written).encode())))
    assert again == {**written, "mediaType": "application/vnd.oci.image.index.v1+json"}


def test_a_reference_means_one_manifest() -> None:
    old, new = describe(b"old", "text/plain"), describe(b"new", "text/plain")
    index = Index().with_annotation("key", "value").with_manifest(old, reference="a")
    index = index.with_manifest(old, reference="b").with_manifest(new, reference="a")
    assert index.annotations == {"key": "value"}
    assert [(each.reference, each.digest) for each in index.manifests] == [
        ("b", old.digest),
        ("a", new.digest),
    ]


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "sha256:",
        "sha256:../../../etc/passwd",
        f"sha512:{'a' * 64}",
        f"sha256:{'A' * 64}",
        f"sha256:{'a' * 63}/",
    ],
)
def test_a_digest_that_is_no_file_name_is_refused(digest: str) -> None:
    with pytest.raises(ValueError, match="is not a SHA-256 digest"):
        digest_to_hex(digest)
    with pytest.raises(ValueError, match="is not a SHA-256 digest"):
        descriptor_from_json({**FOREIGN, "digest": digest})


@pytest.mark.parametrize("written", [None, 3, "x", [], {}, {"mediaType": "a"}])
def test_what_is_not_a_descriptor_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="not a descriptor"):
        descriptor_from_json(written)
