"""A model as a ModelPack artifact: a manifest, a config and one layer.

https://github.com/modelpack/model-spec/blob/main/docs/spec.md and config.md
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from acideploy.models import Model
from acideploy.registry.descriptor import (
    MANIFEST,
    Descriptor,
    descriptor_from_json,
    descriptor_to_json,
    to_json,
)

ARTIFACT_TYPE = "application/vnd.cncf.model.manifest.v1+json"
CONFIG = "application/vnd.cncf.model.config.v1+json"
# An uncompressed tar: the same blob is a layer of an image, under the image's media type.
LAYER = "application/vnd.cncf.model.weight.v1.tar"

_FILE_PATH = "org.cncf.model.filepath"
_CREATED = "org.opencontainers.image.created"
_TITLE = "org.opencontainers.image.title"
_VERSION = "org.opencontainers.image.version"
_DESCRIPTION = "org.opencontainers.image.description"
_FRAMEWORK = "acideploy.framework"
_FRAMEWORK_VERSION = "acideploy.framework-version"
_SIZE = "acideploy.size"
_TAG = "acideploy.tag."
_PROPERTY = "acideploy.property."


def make_config(model: Model) -> bytes:
    """The ModelPack config. What we call a framework is the model's format there."""
    descriptor: dict[str, Any] = {
        "createdAt": model.created_time.isoformat(),
        "name": model.name,
        "version": str(model.version),
    }
    if model.description:
        descriptor["description"] = model.description
    named = model.framework != "Custom"
    return to_json(
        {
            "descriptor": descriptor,
            "config": {"format": model.framework.lower()} if named else {},
            "modelfs": {"type": "layers", "diffIds": [model.layer_digest]},
        }
    )


def make_manifest(model: Model, *, config: Descriptor, layer: Descriptor) -> bytes:
    """The manifest. Its annotations hold all that a listing needs."""
    return to_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": ARTIFACT_TYPE,
            "config": descriptor_to_json(config),
            "layers": [descriptor_to_json(layer)],
            "annotations": _annotations(model),
        }
    )


def read_manifest(content: bytes, *, digest: str) -> Model:
    """Raises ValueError where the manifest is not that of a model that acideploy registered."""
    try:
        written = json.loads(content)
        said: Mapping[str, str] = written["annotations"]
        layer = _only_layer(written["layers"])
        return Model(
            name=said[_TITLE],
            version=int(said[_VERSION]),
            root=_root(layer),
            size=int(said[_SIZE]),
            digest=digest,
            layer_digest=layer.digest,
            created_time=datetime.fromisoformat(said[_CREATED]),
            framework=said[_FRAMEWORK],
            framework_version=said.get(_FRAMEWORK_VERSION),
            description=said.get(_DESCRIPTION),
            tags=_with_prefix(said, _TAG),
            properties=_with_prefix(said, _PROPERTY),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a model that acideploy registered: {error}") from error


def read_layer(content: bytes) -> Descriptor:
    """The layer that the manifest of a model names. Raises ValueError."""
    try:
        return _only_layer(json.loads(content)["layers"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a manifest: {error}") from error


def name_layer(layer: Descriptor, path: str) -> Descriptor:
    """The layer with the path of the registered file or folder in it."""
    return Descriptor(
        media_type=layer.media_type,
        digest=layer.digest,
        size=layer.size,
        annotations={_FILE_PATH: path},
    )


def _annotations(model: Model) -> dict[str, str]:
    said = {
        _TITLE: model.name,
        _VERSION: str(model.version),
        _CREATED: model.created_time.isoformat(),
        _FRAMEWORK: model.framework,
        _SIZE: str(model.size),
        _FRAMEWORK_VERSION: model.framework_version or "",
        _DESCRIPTION: model.description or "",
    }
    given = {key: value for key, value in said.items() if value}
    given |= {_TAG + key: model.tags[key] for key in sorted(model.tags)}
    given |= {_PROPERTY + key: model.properties[key] for key in sorted(model.properties)}
    return given


def _with_prefix(annotations: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {
        key.removeprefix(prefix): value
        for key, value in annotations.items()
        if key.startswith(prefix)
    }


def _root(layer: Descriptor) -> str:
    """The name of the registered file or folder: the last part of its path in the layer."""
    root = layer.annotations[_FILE_PATH].rpartition("/")[2]
    if root in ("", ".", ".."):
        raise ValueError(f"{root!r} is not the name of a file")
    return root


def _only_layer(layers: list[Any]) -> Descriptor:
    if len(layers) != 1:
        raise ValueError("a model has one layer")
    return descriptor_from_json(layers[0])
