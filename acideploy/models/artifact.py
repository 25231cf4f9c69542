"""A model as a ModelPack artifact: a manifest, a config and one layer.

https://github.com/modelpack/model-spec/blob/main/docs/spec.md and config.md
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from acideploy.image.compression import GZIP, TAR
from acideploy.models import Model, ModelDraft
from acideploy.models.layer import folder_of
from acideploy.models.tree import Tree
from acideploy.registry.descriptor import (
    MANIFEST,
    Descriptor,
    descriptor_from_json,
    descriptor_to_json,
    to_json,
)

ARTIFACT_TYPE = "application/vnd.cncf.model.manifest.v1+json"
CONFIG = "application/vnd.cncf.model.config.v1+json"
# The same blob is a layer of an image, under the image's media type.
LAYERS: Mapping[str, str] = {
    "application/vnd.cncf.model.weight.v1.tar": TAR,
    "application/vnd.cncf.model.weight.v1.tar+gzip": GZIP,
}

_FILE_PATH = "org.cncf.model.filepath"
_CREATED = "org.opencontainers.image.created"
_TITLE = "org.opencontainers.image.title"
_VERSION = "org.opencontainers.image.version"
_DESCRIPTION = "org.opencontainers.image.description"
_FRAMEWORK = "acideploy.framework"
_FRAMEWORK_VERSION = "acideploy.framework-version"
_SIZE = "acideploy.size"
_DIFF_ID = "acideploy.diff-id"
_TAG = "acideploy.tag."
_PROPERTY = "acideploy.property."


def describe_model(
    draft: ModelDraft,
    *,
    version: int,
    tree: Tree,
    layer: Descriptor,
    diff_id: str,
    created: datetime,
) -> Model:
    """The model of a draft whose files are in `layer`, the layer of an image."""
    return Model(
        name=draft.name,
        version=version,
        root=tree.root,
        size=tree.size,
        digest="",
        layer=model_layer(layer, f"{folder_of(draft.name, version)}/{tree.root}"),
        diff_id=diff_id,
        created_time=created,
        framework=draft.framework,
        framework_version=draft.framework_version,
        description=draft.description,
        tags=draft.tags,
        properties=draft.properties,
    )


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
            "modelfs": {"type": "layers", "diffIds": [model.diff_id]},
        }
    )


def make_manifest(model: Model, *, config: Descriptor) -> bytes:
    """The manifest. Its annotations hold all that a listing needs."""
    return to_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": ARTIFACT_TYPE,
            "config": descriptor_to_json(config),
            "layers": [descriptor_to_json(model.layer)],
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
            layer=layer,
            diff_id=said.get(_DIFF_ID, layer.digest),
            created_time=datetime.fromisoformat(said[_CREATED]),
            framework=said[_FRAMEWORK],
            framework_version=said.get(_FRAMEWORK_VERSION),
            description=said.get(_DESCRIPTION),
            tags=_with_prefix(said, _TAG),
            properties=_with_prefix(said, _PROPERTY),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a model that acideploy registered: {error}") from error


def model_layer(layer: Descriptor, path: str) -> Descriptor:
    """The layer of an image as that of a model, with the path of the file or folder in it."""
    return Descriptor(
        media_type=next(ours for ours, theirs in LAYERS.items() if theirs == layer.media_type),
        digest=layer.digest,
        size=layer.size,
        annotations={_FILE_PATH: path},
    )


def image_layer(model: Model) -> Descriptor:
    """The layer of a model as that of an image."""
    return Descriptor(
        media_type=LAYERS[model.layer.media_type], digest=model.layer.digest, size=model.layer.size
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
        _DIFF_ID: model.diff_id if model.diff_id != model.layer.digest else "",
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
    layer = descriptor_from_json(layers[0])
    if layer.media_type not in LAYERS:
        raise ValueError(f"its layer is {layer.media_type}")
    return layer
