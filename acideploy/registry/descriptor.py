"""Descriptors, manifests and indexes, as the OCI image specification has them.

https://github.com/opencontainers/image-spec/blob/v1.1.0/descriptor.md and image-index.md
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
REFERENCE_NAME = "org.opencontainers.image.ref.name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """What a blob is: its type, its digest (`sha256:<64 hex>`) and its size in bytes.

    `others` is what else the descriptor says (`platform`, `urls`), as it is.
    """

    media_type: str
    digest: str
    size: int
    artifact_type: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reference(self) -> str | None:
        """The name under which an index lists it: `models/iris:1`."""
        return self.annotations.get(REFERENCE_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The manifests that a layout holds. Kept without change: `with_` functions make another."""

    manifests: tuple[Descriptor, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)

    def find(self, reference: str) -> Descriptor | None:
        return next((each for each in self.manifests if each.reference == reference), None)

    def without(self, reference: str) -> Index:
        kept = tuple(each for each in self.manifests if each.reference != reference)
        return Index(manifests=kept, annotations=self.annotations)

    def with_manifest(self, manifest: Descriptor, *, reference: str) -> Index:
        """The index in which `reference` means `manifest`, and nothing else."""
        named = Descriptor(
            media_type=manifest.media_type,
            digest=manifest.digest,
            size=manifest.size,
            artifact_type=manifest.artifact_type,
            annotations={**manifest.annotations, REFERENCE_NAME: reference},
            others=manifest.others,
        )
        rest = self.without(reference)
        return Index(manifests=(*rest.manifests, named), annotations=self.annotations)

    def with_annotation(self, key: str, value: str) -> Index:
        return Index(manifests=self.manifests, annotations={**self.annotations, key: value})


def describe(content: bytes, media_type: str, *, artifact_type: str | None = None) -> Descriptor:
    return Descriptor(
        media_type=media_type,
        digest=f"sha256:{hashlib.sha256(content).hexdigest()}",
        size=len(content),
        artifact_type=artifact_type,
    )


# What stands where a manifest has nothing to refer to (manifest.md, "guidance for an empty
# descriptor").
EMPTY_CONTENT = b"{}"
EMPTY = describe(EMPTY_CONTENT, "application/vnd.oci.empty.v1+json")


def descriptor_to_json(descriptor: Descriptor) -> dict[str, Any]:
    written: dict[str, Any] = {
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest,
        "size": descriptor.size,
    }
    if descriptor.artifact_type is not None:
        written["artifactType"] = descriptor.artifact_type
    if descriptor.annotations:
        written["annotations"] = dict(descriptor.annotations)
    return {**written, **descriptor.others}


def descriptor_from_json(written: Any) -> Descriptor:
    """Raises ValueError where it is not a descriptor."""
    try:
        others = dict(written)
        descriptor = Descriptor(
            media_type=str(others.pop("mediaType")),
            digest=str(others.pop("digest")),
            size=int(others.pop("size")),
            artifact_type=others.pop("artifactType", None),
            annotations=dict(others.pop("annotations", None) or {}),
            others=others,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a descriptor: {error}") from error
    digest_to_hex(descriptor.digest)
    return descriptor


def index_to_json(index: Index) -> bytes:
    written: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [descriptor_to_json(each) for each in index.manifests],
    }
    if index.annotations:
        written["annotations"] = dict(index.annotations)
    return to_json(written)


def index_from_json(content: bytes) -> Index:
    """Raises ValueError where it is not an image index."""
    written = json.loads(content)
    if not isinstance(written, dict) or written.get("schemaVersion") != 2:
        raise ValueError("not an image index")
    return Index(
        manifests=tuple(descriptor_from_json(each) for each in written.get("manifests") or ()),
        annotations=dict(written.get("annotations") or {}),
    )


def to_json(written: Mapping[str, Any]) -> bytes:
    """The shortest form. ASCII, because text from a command line can hold what UTF-8 cannot."""
    return json.dumps(written, separators=(",", ":")).encode("ascii")


def digest_to_hex(digest: str) -> str:
    """The file name of a blob. Raises ValueError: a digest from a file could hold a path."""
    algorithm, _, encoded = digest.partition(":")
    if algorithm == "sha256" and len(encoded) == 64 and set(encoded) <= set("0123456789abcdef"):
        return encoded
    raise ValueError(f"{digest!r} is not a SHA-256 digest")
