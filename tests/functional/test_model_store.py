"""The life of models in a store: registered, listed, changed, deleted, written back to files."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.errors import NotFoundError, StorageError
from acideploy.events import Advanced, Event, Finished, Started
from acideploy.models import Model, ModelChanges, ModelDraft, ModelReference
from acideploy.models.metadata import write_metadata
from acideploy.models.store import LayoutModelStore
from acideploy.registry.descriptor import Descriptor

IRIS = ModelDraft(name="iris")


class StoppedClock(SystemClock):
    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(directory: Path) -> LayoutModelStore:
    return LayoutModelStore(directory, clock=SystemClock())


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """The name of every file that is opened, of each time."""
    names: list[str] = []
    listening = True

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if listening and event == "open":
            names.append(str(arguments[0]))

    sys.addaudithook(hear)  # it stays for as long as the process, and has to be deaf then
    yield names
    listening = False


def blobs(directory: Path) -> set[str]:
    return {path.name for path in (directory / "blobs" / "sha256").iterdir()}


def test_an_empty_store_lists_nothing_and_is_not_made_by_looking(
    store: LayoutModelStore, directory: Path
) -> None:
    assert store.list() == ()
    with pytest.raises(NotFoundError):
        store.find(ModelReference(name="iris"))
    assert not directory.exists()


def test_the_same_files_give_the_same_layer_whoever_stores_them_and_when(
    tmp_path: Path, folder: Path
) -> None:
    first = LayoutModelStore(tmp_path / "1", clock=SystemClock()).register(folder, IRIS)
    again = tmp_path / "elsewhere" / "model"
    old_mask = os.umask(0o077)
    try:
        # Made in another order, at another time, with a link of its own for each file.
        for path in sorted(folder.rglob("*"), reverse=True):
            copy = again / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path.is_symlink():
                copy.symlink_to(os.readlink(path))
            elif path.is_dir():
                copy.mkdir(exist_ok=True)
            else:
                copy.write_bytes(path.read_bytes())
                copy.chmod(0o700 if path.name == "run.sh" else 0o600)
                os.utime(copy, (1_000_000_000, 1_000_000_000))
    finally:
        os.umask(old_mask)
    second = LayoutModelStore(tmp_path / "2", clock=SystemClock()).register(again, IRIS)
    assert second.layer_digest == first.layer_digest
    dated = LayoutModelStore(tmp_path / "3", clock=SystemClock(), mtime=86400)
    assert dated.register(folder, IRIS).layer_digest != first.layer_digest


def test_a_damaged_layer_is_refused_and_nothing_is_written(
    store: LayoutModelStore, directory: Path, folder: Path, tmp_path: Path
) -> None:
    model = store.register(folder, IRIS)
    path = directory / "blobs" / "sha256" / model.layer_digest.removeprefix("sha256:")
    content = bytearray(path.read_bytes())
    for place in (100, 5000, len(content) - 1):
        damaged = bytearray(content)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(StorageError, match="is damaged"):
            store.unpack(model, tmp_path / "out")
        assert os.listdir(tmp_path / "out") == []
    path.write_bytes(content[:-2000])
    with pytest.raises(StorageError, match="is damaged"):
        store.unpack(model, tmp_path / "out")
    path.unlink()
    with pytest.raises(StorageError, match="is missing"):
        store.unpack(model, tmp_path / "out")


def test_a_damaged_manifest_is_named_and_can_be_deleted(
    store: LayoutModelStore, directory: Path, folder: Path
) -> None:
    model = store.register(folder, IRIS)
    other = store.register(folder, ModelDraft(name="other"))
    path = directory / "blobs" / "sha256" / model.digest.removeprefix("sha256:")
    path.write_bytes(b"{" + path.read_bytes()[1:].replace(b"iris", b"rose"))
    with pytest.raises(StorageError, match="iris:1 cannot be read") as caught:
        store.list()
    assert caught.value.hint == "acideploy model delete -i iris:1"
    store.delete(ModelReference(name="iris", version=1))
    assert store.list() == (other,)


@pytest.mark.parametrize("reference", ["models/rose:5", "models/a+2e2e+b:5"])
def test_a_model_that_another_tool_renamed_is_refused_by_both_names(
    store: LayoutModelStore, directory: Path, folder: Path, reference: str
) -> None:
    store.register(folder, IRIS)
    index = (directory / "index.json").read_text()
    (directory / "index.json").write_text(index.replace("models/iris:1", reference))
    name = "rose" if "rose" in reference else "a..b"
    with pytest.raises(StorageError, match=f"{name}:5 cannot be read: it was .* iris:1"):
        store.list()
    store.delete(ModelReference(name=name))
    assert store.list() == ()


def test_a_damaged_index_is_named(store: LayoutModelStore, directory: Path) -> None:
    directory.mkdir()
    for content in (b"", b"{}", b"[]", b'{"schemaVersion": 2, "manifests": [1]}', b"\xff"):
        (directory / "index.json").write_bytes(content)
        with pytest.raises(StorageError, match=r"index\.json is damaged"):
            store.list()


def test_an_update_changes_the_manifest_and_keeps_the_layer(
    store: LayoutModelStore, directory: Path, folder: Path
) -> None:
    before = store.register(folder, IRIS)
    reference = ModelReference(name="iris")
    after = store.update(reference, ModelChanges(add_tags={"a": "b"}, description="new"))
    assert (after.tags, after.description) == ({"a": "b"}, "new")
    assert after.digest != before.digest
    assert after.layer_digest == before.layer_digest
    assert store.find(reference) == after
    assert len(blobs(directory)) == 3
    assert store.update(reference, ModelChanges()) == after


def test_deleting_removes_the_blobs_of_that_version_alone(
    store: LayoutModelStore, directory: Path, folder: Path
) -> None:
    kept = store.register(folder, IRIS)
    before = blobs(directory)
    store.register(folder, IRIS)
    store.delete(ModelReference(name="iris", version=2))
    assert store.list() == (kept,)
    assert blobs(directory) == before
    with pytest.raises(NotFoundError, match="no version 2 any more"):
        store.delete(ModelReference(name="iris", version=2))


def test_the_numbers_of_a_store_that_another_tool_copied_are_not_given_again(
    store: LayoutModelStore, directory: Path, folder: Path
) -> None:
    for name in ("iris", "iris", "other"):
        store.register(folder, ModelDraft(name=name))
    index = json.loads((directory / "index.json").read_text())
    del index["annotations"]
    (directory / "index.json").write_text(json.dumps(index))
    store.delete(ModelReference(name="iris", version=2))
    store.register(folder, ModelDraft(name="other"))
    assert store.register(folder, IRIS).version == 3


def test_a_registration_that_fails_at_its_end_leaves_no_blob(folder: Path, tmp_path: Path) -> None:
    LayoutModelStore(tmp_path / "example", clock=StoppedClock()).register(folder, IRIS)
    config = next(
        path.name
        for path in (tmp_path / "example" / "blobs" / "sha256").iterdir()
        if path.read_bytes().startswith(b'{"descriptor"')
    )
    store = LayoutModelStore(tmp_path / "store", clock=StoppedClock())
    in_the_way = tmp_path / "store" / "blobs" / "sha256" / config
    in_the_way.mkdir(parents=True)
    with pytest.raises(StorageError, match=config):
        store.register(folder, IRIS)
    assert blobs(tmp_path / "store") == {config}
    in_the_way.rmdir()
    assert store.register(folder, IRIS).version == 1


def test_blobs_of_other_tools_are_kept_for_a_day(
    store: LayoutModelStore, directory: Path, folder: Path
) -> None:
    store.register(folder, IRIS)
    new, old = ("a" * 64, "b" * 64)
    for name in (new, old):
        (directory / "blobs" / "sha256" / name).touch()
    os.utime(directory / "blobs" / "sha256" / old, (0, 0))
    store.delete(ModelReference(name="iris"))
    assert blobs(directory) == {new}


def test_other_images_in_the_layout_are_left_alone(
    store: LayoutModelStore, directory: Path, folder: Path
) -> None:
    store.register(folder, IRIS)
    content = b'{"schemaVersion":2,"config":{},"layers":[]}'
    digest = hashlib.sha256(content).hexdigest()
    (directory / "blobs" / "sha256" / digest).write_bytes(content)
    index = json.loads((directory / "index.json").read_text())
    image = {
        "mediaType": "application/vnd.docker.container.image.v1+json",
        "digest": f"sha256:{digest}",
        "size": len(content),
        "platform": {"os": "linux", "architecture": "arm64"},
        "annotations": {"org.opencontainers.image.ref.name": "base"},
    }
    index["manifests"].append(image)
    (directory / "index.json").write_text(json.dumps(index))
    assert [model.id for model in store.list()] == ["iris:1"]
    store.delete(ModelReference(name="iris"))
    assert json.loads((directory / "index.json").read_text())["manifests"] == [image]
    assert blobs(directory) == {digest}


def test_every_blob_is_what_its_name_and_its_descriptors_say(
    store: LayoutModelStore, directory: Path, folder: Path
) -> None:
    model = store.register(folder, IRIS)
    for name in blobs(directory):
        content = (directory / "blobs" / "sha256" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == name
    assert json.loads((directory / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    [entry] = json.loads((directory / "index.json").read_text())["manifests"]
    assert entry["digest"] == model.digest
    manifest = json.loads(
        (directory / "blobs" / "sha256" / entry["digest"].removeprefix("sha256:")).read_text()
    )
    for descriptor in (entry, manifest["config"], *manifest["layers"]):
        path = directory / "blobs" / "sha256" / descriptor["digest"].removeprefix("sha256:")
        assert path.stat().st_size == descriptor["size"]
    assert [layer["digest"] for layer in manifest["layers"]] == [model.layer_digest]


def test_progress_counts_the_bytes_of_the_files(
    store: LayoutModelStore, folder: Path, tmp_path: Path
) -> None:
    told: list[Event] = []
    model = store.register(folder, IRIS, emit=told.append)
    store.unpack(model, tmp_path / "out", emit=told.append)
    assert [event for event in told if isinstance(event, Started)] == [
        Started(task="register iris:1", title="Model iris:1", total=model.size),
        Started(task="unpack iris:1", title="Model iris:1", total=model.size),
    ]
    for task in ("register iris:1", "unpack iris:1"):
        done = [event.done for event in told if isinstance(event, Advanced) and event.task == task]
        assert done == sorted(done)
        assert done[-1] == model.size
        assert Finished(task=task, outcome="done") in told


def test_of_a_thousand_versions_each_is_read_once(
    store: LayoutModelStore, directory: Path, folder: Path, opened: list[str]
) -> None:
    model = store.register(folder / "nothing", IRIS)
    manifest_path = directory / "blobs" / "sha256" / model.digest.removeprefix("sha256:")
    manifest = json.loads(manifest_path.read_text())
    index = json.loads((directory / "index.json").read_text())
    for version in range(2, 1001):
        manifest["annotations"]["org.opencontainers.image.version"] = str(version)
        content = json.dumps(manifest).encode()
        digest = hashlib.sha256(content).hexdigest()
        (manifest_path.parent / digest).write_bytes(content)
        entry = dict(index["manifests"][0], digest=f"sha256:{digest}", size=len(content))
        entry["annotations"] = {"org.opencontainers.image.ref.name": f"models/iris:{version}"}
        index["manifests"].append(entry)
    (directory / "index.json").write_text(json.dumps(index))
    opened.clear()
    models = store.list()
    manifests = [name for name in opened if "/sha256/" in name]
    assert len(manifests) == len(set(manifests)) == 1000
    assert [model.version for model in models] == list(range(1000, 0, -1))


def test_the_metadata_file_names_the_model_and_the_local_workspace(tmp_path: Path) -> None:
    model = Model(
        name="iris",
        version=2,
        root="m",
        size=0,
        digest="",
        layer=Descriptor(media_type="tar", digest="", size=0),
        diff_id="",
        created_time=datetime(2026, 1, 1, tzinfo=timezone.utc),
    )
    write_metadata(tmp_path / "out.json", model)
    assert json.loads((tmp_path / "out.json").read_text()) == {
        "modelId": "iris:2",
        "workspaceName": "local",
        "resourceGroupName": "local",
    }
    with pytest.raises(StorageError, match="iris:2 is registered, but") as caught:
        write_metadata(tmp_path / "missing" / "out.json", model)
    assert (caught.value.hint or "").startswith("use -m iris:2")
