"""Reads manifests: what they refer to, and what they are (OCI image specification 1.1)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from acideploy.emulator.acr.data.errors import manifest_invalid
from acideploy.emulator.acr.data.names import is_digest

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
_IMAGES = (OCI_MANIFEST, DOCKER_MANIFEST)
_INDEXES = (OCI_INDEX, DOCKER_LIST)
# Layers that licences keep out of registries; they have addresses of their own.
_FOREIGN = ("nondistributable", "foreign")


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """`blobs` and `manifests` have to be there before; `subject` need not be."""

    blobs: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    subject: str | None = None
    configuration: str | None = None


def read_manifest(media_type: str, body: bytes) -> tuple[References, dict[str, Any]]:
    """What a manifest refers to, and the description that lists show.

    Raises RegistryError for what is none, or not of the media type that it was sent with.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise manifest_invalid() from error
    if not isinstance(content, dict) or content.get("schemaVersion") != 2:
        raise manifest_invalid()
    if content.get("mediaType", media_type) != media_type:
        raise manifest_invalid()
    _check_annotated(content)
    subject = _descriptors([content["subject"]])[0]["digest"] if content.get("subject") else None
    if media_type in _IMAGES:
        return _image(content, subject)
    if media_type in _INDEXES:
        return _index(content, subject)
    raise manifest_invalid()


def _image(content: dict[str, Any], subject: str | None) -> tuple[References, dict[str, Any]]:
    if content.get("manifests"):
        raise manifest_invalid()
    (configuration,) = _descriptors([content.get("config")])
    layers = _descriptors(content.get("layers"))
    stored = [
        layer
        for layer in layers
        if not layer.get("urls") and not any(word in layer["mediaType"] for word in _FOREIGN)
    ]
    described = {
        "imageSize": sum(each["size"] for each in (configuration, *layers)),
        "configMediaType": configuration["mediaType"],
        "artifactType": content.get("artifactType") or configuration["mediaType"],
        "annotations": content.get("annotations"),
    }
    references = References(
        blobs=tuple(each["digest"] for each in (configuration, *stored)),
        subject=subject,
        configuration=configuration["digest"],
    )
    return references, described


def _index(content: dict[str, Any], subject: str | None) -> tuple[References, dict[str, Any]]:
    if content.get("layers") or content.get("config"):
        raise manifest_invalid()
    manifests = _descriptors(content.get("manifests"))
    described = {
        "imageSize": sum(each["size"] for each in manifests),
        "artifactType": content.get("artifactType"),
        "annotations": content.get("annotations"),
        "references": [
            {"digest": each["digest"], **_platform(each.get("platform", {}))} for each in manifests
        ],
    }
    digests = tuple(each["digest"] for each in manifests)
    return References(manifests=digests, subject=subject), described


def read_platform(configuration: bytes) -> dict[str, str]:
    """The platform that an image's configuration names; nothing for what is none."""
    try:
        content = json.loads(configuration)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(content, dict):
        return {}
    return _platform(content)


def _platform(content: dict[str, Any]) -> dict[str, str]:
    known = {name: content.get(name) for name in ("architecture", "os")}
    return {name: value for name, value in known.items() if value and isinstance(value, str)}


def _check_annotated(content: dict[str, Any]) -> None:
    annotations = content.get("annotations") or {}
    if not isinstance(annotations, dict) or not isinstance(content.get("artifactType") or "", str):
        raise manifest_invalid()
    if not all(isinstance(value, str) for value in annotations.values()):
        raise manifest_invalid()


def _descriptors(content: Any) -> list[dict[str, Any]]:
    if not isinstance(content, list):
        raise manifest_invalid()
    for each in content:
        if (
            not isinstance(each, dict)
            or not is_digest(str(each.get("digest")))
            or not isinstance(each.get("size"), int)
            or not isinstance(each.get("mediaType"), str)
            or not isinstance(each.get("platform", {}), dict)
        ):
            raise manifest_invalid()
    return content
