"""Models as JSON: the short and the full (`-v`) shapes of the retired tool, and its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from acideploy.cli.cells import joined, short_time
from acideploy.cli.render.amounts import amount

if TYPE_CHECKING:
    from acideploy.models import Model

Shape: TypeAlias = dict[str, Any]


def model(value: Model, *, full: bool) -> Shape:
    """The shape of `model show` and `model register`; empty where the retired one was."""
    shape: Shape = {
        **listed_model(value),
        "tags": dict(value.tags) or "",
        "properties": dict(value.properties) or "",
        "description": value.description or "",
        "experimentName": "",
        "runId": "",
        "cpu": "",
        "memoryInGB": "",
        "gpu": "",
        "sampleInputDatasetId": "",
        "sampleOutputDatasetId": "",
    }
    return shape | _full_model(value) if full else shape


def _full_model(value: Model) -> Shape:
    return {
        "tags": dict(value.tags),
        "properties": dict(value.properties),
        "createdBy": None,
        "description": value.description,
        "mimeType": "application/x-python",
        "unpack": False,
        "url": f"oci://models/{value.name}@{value.digest}",
        "runDetails": None,
        "datasets": [],
        "resourceConfiguration": None,
        "root": value.root,
        "size": value.size,
        "digest": value.digest,
        "layerDigest": value.layer_digest,
    }


def listed_model(value: Model) -> Shape:
    return {
        "name": value.name,
        "id": value.id,
        "version": value.version,
        "framework": value.framework,
        "frameworkVersion": value.framework_version,
        "createdTime": value.created_time.isoformat(),
    }


def model_table(shape: Shape) -> Shape:
    """`id` is left out of tables, as in az: name and version say the same."""
    return {
        "name": shape["name"],
        "version": shape["version"],
        "framework": shape["framework"],
        "frameworkVersion": shape["frameworkVersion"],
        "createdTime": short_time(shape["createdTime"]),
        "tags": joined(shape.get("tags", "")),
    }


def model_list_table(shapes: list[Shape]) -> list[Shape]:
    """The retired columns, and what only the full shape knows."""
    return [
        {
            **{key: value for key, value in model_table(shape).items() if key != "tags"},
            "size": amount(shape["size"]),
            "tags": joined(shape["tags"]),
        }
        for shape in shapes
    ]
