"""An image is a pure function of its layers and settings, and known before it is pushed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from acideploy.image import Base, Image, Layer
from acideploy.image.compose import ImageSettings, compose
from acideploy.image.compression import made_layer
from acideploy.image.layer import layer_chunks, text_entry
from acideploy.registry import Blob
from acideploy.registry.descriptor import describe
from tests.tiny import CONFIG, DIFF_IDS, LAYERS, OCI

SETTINGS = ImageSettings(
    title="service",
    command=("python3", "/opt/acideploy/serving"),
    working_directory="/var/azureml-app",
    port=5001,
    variables={"LANG": "de", "EMPTY": "", "A": "b=c"},
    labels={"acideploy.models": "iris:1"},
)


def layer(content: bytes, diff_id: str, created_by: str) -> Layer:
    blob = Blob(
        descriptor=describe(content, OCI["layer"]), title="layer", chunks=lambda: iter([content])
    )
    return Layer(blob=blob, diff_id=diff_id, created_by=created_by)


def base(config: Mapping[str, Any] = CONFIG) -> Base:
    layers = (layer(*pair, "base") for pair in zip(LAYERS, DIFF_IDS, strict=True))
    return Base(
        name="example.org/base:1",
        digest=describe(b"base", "").digest,
        config=config,
        layers=tuple(layers),
    )


def code(text: str = "code") -> Layer:
    entries = [text_entry("var/azureml-app/score.py", text)]
    return made_layer(
        lambda: layer_chunks(entries, mtime=0), title="code", created_by="acideploy code"
    )


def made(below: Base | None = None, settings: ImageSettings = SETTINGS, created: int = 0) -> Image:
    return compose(below or base(), [code()], settings, created=created)


def config_of(image: Image) -> Any:
    return json.loads(b"".join(image.config.chunks()))


def manifest_of(image: Image) -> Any:
    return json.loads(image.artifact.manifest.content)


def test_every_digest_is_that_of_its_bytes() -> None:
    image = made()
    manifest = manifest_of(image)
    assert image.digest == describe(image.artifact.manifest.content, "").digest
    assert image.id == manifest["config"]["digest"]
    blobs = {each.descriptor.digest: b"".join(each.chunks()) for each in image.artifact.blobs}
    for each in (manifest["config"], *manifest["layers"]):
        assert describe(blobs[each["digest"]], "").digest == each["digest"]
        assert len(blobs[each["digest"]]) == each["size"]
    assert len(image.artifact.blobs) == 1 + len(manifest["layers"])


def test_the_layers_are_those_of_the_base_and_then_ours() -> None:
    image = made()
    written = [each["digest"] for each in manifest_of(image)["layers"]]
    assert written == [*(describe(each, "").digest for each in LAYERS), code().diff_id]
    assert config_of(image)["rootfs"] == {"type": "layers", "diff_ids": [*DIFF_IDS, code().diff_id]}
    assert image.size == sum(each["size"] for each in manifest_of(image)["layers"])


def test_what_the_container_does_is_ours_and_the_rest_that_of_the_base() -> None:
    config = config_of(made())
    assert (config["os"], config["architecture"]) == ("linux", "amd64")
    run = config["config"]
    assert run["Entrypoint"] == ["python3", "/opt/acideploy/serving"]
    assert "Cmd" not in run
    assert run["WorkingDir"] == "/var/azureml-app"
    assert run["ExposedPorts"] == {"5001/tcp": {}}
    assert run["User"] == "1000"
    assert run["Env"] == ["PATH=/usr/bin:/bin", "LANG=de", "EMPTY=", "A=b=c"]
    assert run["Labels"]["maintainer"] == "somebody"
    assert run["Labels"]["acideploy.models"] == "iris:1"


def test_what_a_base_does_by_itself_is_not_taken_over() -> None:
    run = {"Entrypoint": ["a"], "Cmd": ["b"], "Healthcheck": {"Test": ["CMD", "c"]}, "OnBuild": []}
    config = config_of(made(base({**CONFIG, "config": run})))["config"]
    assert {"Cmd", "Healthcheck", "OnBuild"} & config.keys() == set()
    assert config["Env"][0].startswith("PATH=/usr/local/sbin:")


def test_annotations_and_labels_say_what_it_is_and_what_is_below() -> None:
    image = made(created=86_400)
    expected = {
        "org.opencontainers.image.created": "1970-01-02T00:00:00Z",
        "org.opencontainers.image.title": "service",
        "org.opencontainers.image.base.name": "example.org/base:1",
        "org.opencontainers.image.base.digest": base().digest,
    }
    assert manifest_of(image)["annotations"] == expected
    assert expected.items() <= config_of(image)["config"]["Labels"].items()
    assert config_of(image)["created"] == "1970-01-02T00:00:00Z"


@pytest.mark.parametrize(
    "history",
    [
        CONFIG["history"],
        None,
        [],
        [{"created_by": "one"}],
        [{"created_by": "all"}] * 5,
        [{"created_by": "a", "empty_layer": True}] * 2,
    ],
)
def test_the_history_tells_of_every_layer(history: object) -> None:
    config = config_of(made(base({**CONFIG, "history": history})))
    filled = [each for each in config["history"] if not each.get("empty_layer")]
    assert len(filled) == len(config["rootfs"]["diff_ids"])
    assert filled[-1]["created_by"] == "acideploy code"


def test_the_digest_depends_on_all_that_matters_and_on_nothing_else() -> None:
    image = made()
    assert made().digest == image.digest
    others = [
        made(created=1),
        made(settings=replace(SETTINGS, port=80)),
        made(settings=replace(SETTINGS, variables={})),
        made(settings=replace(SETTINGS, command=("other",))),
        made(base({**CONFIG, "config": {"User": "0"}})),
        made(replace(base(), digest=describe(b"other", "").digest)),
        compose(base(), [code("other")], SETTINGS, created=0),
        compose(base(), [code(), code("other")], SETTINGS, created=0),
    ]
    assert len({each.digest for each in (image, *others)}) == 1 + len(others)
