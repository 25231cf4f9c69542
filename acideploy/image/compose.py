"""Layers and settings to an image: a pure function, whose digest is known before any push.

https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md, config.md, annotations.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from acideploy.image import PLATFORM, Base, Image, Layer
from acideploy.registry import Artifact, Blob, Manifest
from acideploy.registry.descriptor import MANIFEST, describe, descriptor_to_json, to_json

CONFIG = "application/vnd.oci.image.config.v1+json"

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_BASE_NAME = "org.opencontainers.image.base.name"
_BASE_DIGEST = "org.opencontainers.image.base.digest"
_TITLE = "org.opencontainers.image.title"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings:
    """What a container of the image does: `command` is its whole command line.

    `programs` are folders that go before those of the base image's PATH.
    """

    title: str
    command: Sequence[str]
    working_directory: str
    port: int
    programs: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def compose(base: Base, layers: Sequence[Layer], settings: ImageSettings, *, created: int) -> Image:
    """The image of `layers` on `base`. `created` is its time, in seconds since 1970."""
    every = (*base.layers, *layers)
    content = to_json(_config(base, layers, settings, created))
    config = Blob(
        descriptor=describe(content, CONFIG),
        title="image configuration",
        chunks=lambda: iter([content]),
    )
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor_to_json(config.descriptor),
        "layers": [descriptor_to_json(layer.blob.descriptor) for layer in every],
        "annotations": _annotations(base, settings, created),
    }
    artifact = Artifact(
        manifest=Manifest(content=to_json(manifest), media_type=MANIFEST),
        blobs=(*(layer.blob for layer in every), config),
    )
    return Image(artifact=artifact, config=config, layers=every)


def _config(
    base: Base, layers: Sequence[Layer], settings: ImageSettings, created: int
) -> dict[str, Any]:
    below = base.config.get("config") or {}
    operating_system, architecture = PLATFORM
    return {
        "created": _time(created),
        "architecture": architecture,
        "os": operating_system,
        "config": {
            **{key: below[key] for key in ("User", "Volumes", "StopSignal") if below.get(key)},
            "Env": _variables(below.get("Env") or (), settings),
            "Entrypoint": list(settings.command),
            "WorkingDir": settings.working_directory,
            "ExposedPorts": {f"{settings.port}/tcp": {}},
            "Labels": {
                **(below.get("Labels") or {}),
                **settings.labels,
                **_annotations(base, settings, created),
            },
        },
        "rootfs": {
            "type": "layers",
            "diff_ids": [layer.diff_id for layer in (*base.layers, *layers)],
        },
        "history": [*_history_below(base), *(_history(layer, created) for layer in layers)],
    }


def _annotations(base: Base, settings: ImageSettings, created: int) -> dict[str, str]:
    return {
        "org.opencontainers.image.created": _time(created),
        _TITLE: settings.title,
        _BASE_NAME: base.name,
        _BASE_DIGEST: base.digest,
    }


def _variables(below: Sequence[str], settings: ImageSettings) -> list[str]:
    """Those of the base image, with what is given in the place of its own."""
    own = {"PATH": _PATH, **dict(_split(each) for each in below)}
    path = ":".join([*settings.programs, own["PATH"]])
    merged = {**own, "PATH": path, **settings.variables}
    return [f"{name}={value}" for name, value in merged.items()]


def _split(variable: str) -> tuple[str, str]:
    name, _, value = variable.partition("=")
    return name, value


def _history_below(base: Base) -> list[Any]:
    """The base image's own, where it tells of every layer; else one line for each."""
    said = base.config.get("history") or []
    if sum(not entry.get("empty_layer") for entry in said) == len(base.layers):
        return list(said)
    return [{"created_by": layer.created_by} for layer in base.layers]


def _history(layer: Layer, created: int) -> dict[str, Any]:
    return {"created": _time(created), "created_by": layer.created_by, "comment": "acideploy"}


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
