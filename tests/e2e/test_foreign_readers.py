"""Other people's tools read the store: skopeo and umoci, as Debian packages them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.models import Model, ModelChanges, ModelDraft, ModelReference
from acideploy.models.names import to_reference
from acideploy.models.store import LayoutModelStore


def run(*command: str | Path) -> str:
    """What the tool prints. Skips where it is missing, unless everything has to be there."""
    if shutil.which(str(command[0])) is None:
        message = f"{command[0]} is not installed: apt-get install {command[0]}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(directory: Path) -> LayoutModelStore:
    return LayoutModelStore(directory, clock=SystemClock())


@pytest.fixture
def model(store: LayoutModelStore, tmp_path: Path) -> Model:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "größe.bin").write_bytes(b"x" * 100_000)
    (folder / "link").symlink_to("größe.bin")
    return store.register(folder, ModelDraft(name="iris", tags={"stage": "dev"}))


def test_skopeo_inspects_a_model_by_its_name_and_version(directory: Path, model: Model) -> None:
    manifest = json.loads(run("skopeo", "inspect", "--raw", f"oci:{directory}:models/iris:1"))
    assert manifest["artifactType"] == "application/vnd.cncf.model.manifest.v1+json"
    assert manifest["annotations"]["acideploy.tag.stage"] == "dev"
    assert manifest["layers"][0]["digest"] == model.layer_digest


@pytest.mark.parametrize("name", ["Iris", "my_model.pkl", "a..b", "a--b", "a_-_", "x" * 255])
def test_skopeo_finds_models_of_any_name(
    store: LayoutModelStore, directory: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").touch()
    store.register(tmp_path / "file", ModelDraft(name=name))
    run("skopeo", "inspect", "--raw", f"oci:{directory}:{to_reference(name, 1)}")


def test_skopeo_checks_every_blob_and_copies_a_model_to_another_store(
    directory: Path, model: Model, tmp_path: Path
) -> None:
    copied = tmp_path / "copy"
    run("skopeo", "copy", f"oci:{directory}:models/iris:1", f"oci:{copied}:models/iris:1")
    store = LayoutModelStore(copied, clock=SystemClock())
    assert store.list() == (model,)
    place = store.unpack(model, tmp_path / "out")
    assert (place / "link").read_bytes() == b"x" * 100_000
    (tmp_path / "file").touch()
    assert store.register(tmp_path / "file", ModelDraft(name="iris")).version == 2


def test_skopeo_writes_into_the_store_and_nothing_is_forgotten(
    store: LayoutModelStore, directory: Path, model: Model, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    store.register(tmp_path / "file", ModelDraft(name="iris"))
    store.delete(ModelReference(name="iris", version=2))
    run("skopeo", "copy", f"oci:{directory}:models/iris:1", f"oci:{directory}:mirror")
    assert store.list() == (model,)
    assert store.register(tmp_path / "file", ModelDraft(name="iris")).version == 3


def test_umoci_lists_the_store_and_collects_nothing_that_is_needed(
    store: LayoutModelStore, directory: Path, model: Model, tmp_path: Path
) -> None:
    updated = store.update(ModelReference(name="iris"), ModelChanges(add_tags={"a": "b"}))
    assert run("umoci", "ls", "--layout", directory).split() == ["models/iris:1"]
    run("umoci", "gc", "--layout", directory)
    assert store.list() == (updated,)
    store.unpack(updated, tmp_path / "out")


def test_the_layer_is_a_layer_of_an_image(
    store: LayoutModelStore, directory: Path, model: Model, tmp_path: Path
) -> None:
    image = tmp_path / "image"
    layer = directory / "blobs" / "sha256" / model.layer_digest.removeprefix("sha256:")
    run("umoci", "init", "--layout", image)
    run("umoci", "new", "--image", f"{image}:base")
    run("umoci", "raw", "add-layer", "--image", f"{image}:base", layer)
    bundle = tmp_path / "bundle"
    rootless = [] if os.geteuid() == 0 else ["--rootless"]
    run("umoci", "unpack", *rootless, "--image", f"{image}:base", bundle)
    place = bundle / "rootfs" / "var" / "azureml-app" / "azureml-models" / "iris" / "1" / "model"
    assert (place / "link").read_bytes() == b"x" * 100_000
    assert (place / "größe.bin").stat().st_mode & 0o777 == 0o644
