from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from acideploy.models import Model
from acideploy.models.artifact import (
    image_layer,
    make_config,
    make_manifest,
    read_manifest,
)
from acideploy.registry.descriptor import Descriptor, describe

LAYER_DIGEST = f"sha256:{'ab' * 32}"
LAYER = Descriptor(
    media_type="application/vnd.cncf.model.weight.v1.tar",
    digest=LAYER_DIGEST,
    size=4096,
    annotations={"org.cncf.model.filepath": "var/azureml-app/azureml-models/iris/3/model.pkl"},
)
MODEL = Model(
    name="iris",
    version=3,
    root="model.pkl",
    size=12,
    digest=f"sha256:{'cd' * 32}",
    layer=LAYER,
    diff_id=LAYER_DIGEST,
    created_time=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone.utc),
    framework="ScikitLearn",
    framework_version="1.5",
    description="größer",
    tags={"stage": "dev", "": "empty key", "a.b": ""},
    properties={"commit": "abc"},
)


GZIPPED = replace(
    LAYER, media_type="application/vnd.cncf.model.weight.v1.tar+gzip", digest=f"sha256:{'ef' * 32}"
)


def manifest_of(model: Model) -> bytes:
    config = describe(make_config(model), "application/vnd.cncf.model.config.v1+json")
    return make_manifest(model, config=config)


def at(path: str) -> Model:
    return replace(MODEL, layer=replace(LAYER, annotations={"org.cncf.model.filepath": path}))


@pytest.mark.parametrize(
    "model",
    [
        MODEL,
        replace(MODEL, description=None, framework_version=None, tags={}, properties={}, size=0),
        replace(at("var/azureml-app/azureml-models/iris/3/a folder"), root="a folder"),
        replace(MODEL, layer=GZIPPED),
        replace(MODEL, tags={"not utf-8": "\udcff"}),
    ],
)
def test_a_manifest_gives_back_the_model_that_it_was_made_for(model: Model) -> None:
    assert read_manifest(manifest_of(model), digest=model.digest) == model


def test_the_manifest_is_a_modelpack_artifact() -> None:
    written = json.loads(manifest_of(MODEL))
    assert written["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert written["artifactType"] == "application/vnd.cncf.model.manifest.v1+json"
    assert written["config"]["mediaType"] == "application/vnd.cncf.model.config.v1+json"
    [layer] = written["layers"]
    assert layer["mediaType"] == "application/vnd.cncf.model.weight.v1.tar"
    assert layer["annotations"]["org.cncf.model.filepath"].endswith("/iris/3/model.pkl")
    assert all(isinstance(value, str) for value in written["annotations"].values())


def test_the_config_says_what_the_specification_requires() -> None:
    config = json.loads(make_config(MODEL))
    assert config == {
        "descriptor": {
            "createdAt": "2026-01-02T03:04:05.000006+00:00",
            "name": "iris",
            "version": "3",
            "description": "größer",
        },
        "config": {"format": "scikitlearn"},
        "modelfs": {"type": "layers", "diffIds": [LAYER_DIGEST]},
    }
    assert json.loads(make_config(replace(MODEL, framework="Custom")))["config"] == {}


@pytest.mark.parametrize("content", [b"{}", b"[]", b"nonsense", b'{"annotations": {}}', b"\xff"])
def test_a_foreign_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_manifest(content, digest=MODEL.digest)


@pytest.mark.parametrize("root", ["", ".", ".."])
def test_a_root_that_is_no_file_name_is_refused(root: str) -> None:
    with pytest.raises(ValueError, match="not the name of a file"):
        read_manifest(manifest_of(at(f"models/iris/3/{root}")), digest=MODEL.digest)


def test_a_layer_of_another_type_is_refused() -> None:
    zstd = replace(LAYER, media_type="application/vnd.cncf.model.weight.v1.tar+zstd")
    with pytest.raises(ValueError, match="zstd"):
        read_manifest(manifest_of(replace(MODEL, layer=zstd)), digest=MODEL.digest)


@pytest.mark.parametrize(("layer", "ending"), [(LAYER, "tar"), (GZIPPED, "tar+gzip")])
def test_the_same_blob_is_a_layer_of_an_image(layer: Descriptor, ending: str) -> None:
    found = image_layer(replace(MODEL, layer=layer))
    assert found == Descriptor(
        media_type=f"application/vnd.oci.image.layer.v1.{ending}", digest=layer.digest, size=4096
    )
