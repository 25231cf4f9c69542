"""The life of models, in whatever they are kept: a directory, a registry, Azure's registry."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from datetime import datetime, timezone
from pathlib import Path

import pytest

from acideploy.errors import ConfigurationError, ConflictError, NotFoundError, StorageError
from acideploy.events import Advanced, Event, Finished, Started
from acideploy.models import Model, ModelChanges, ModelDraft, ModelReference, ModelStore

IRIS = ModelDraft(name="iris")
# Names that neither a tag, a repository nor a file name could be as they are.
NAMES = [
    "MyModel",
    "mymodel",
    "a..b",
    "a__b",
    "A_-.b",
    "trailing-",
    "trailing_",
    "1",
    "v1.0",
    "x" * 255,
    "X" * 255,
    "x" * 128 + "." * 127,
]


def tar_of(store: ModelStore, model: Model) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(b"".join(store.layer(model).blob.chunks())))


def test_a_registered_model_is_found_as_it_was_described(store: ModelStore, folder: Path) -> None:
    draft = ModelDraft(
        name="iris",
        framework="ScikitLearn",
        framework_version="1.5",
        description="flowers",
        tags={"stage": "dev"},
        properties={"commit": "abc"},
    )
    model = store.register(folder, draft)
    assert (model.id, model.root, model.size) == ("iris:1", "model", 3_000_025)
    assert model.tags == {"stage": "dev"}
    assert store.find(ModelReference(name="iris", version=1)) == model
    assert store.find(ModelReference(name="iris")) == model
    assert store.list() == (model,)


def test_models_are_listed_by_name_and_newest_first(store: ModelStore, folder: Path) -> None:
    for name in ("b", "A", "b", "c..d"):
        store.register(folder / "nothing", ModelDraft(name=name))
    assert [model.id for model in store.list()] == ["A:1", "b:2", "b:1", "c..d:1"]
    assert [model.id for model in store.list("b")] == ["b:2", "b:1"]
    assert store.list("unknown") == ()


def test_the_layer_has_final_paths_one_time_one_owner_and_two_modes(
    store: ModelStore, folder: Path
) -> None:
    with tar_of(store, store.register(folder, IRIS)) as layer:
        members = layer.getmembers()
    top = "var/azureml-app/azureml-models/iris/1"
    names = [member.name for member in members]
    assert names[:3] == [os.path.dirname(top), top, f"{top}/model"]
    assert names == sorted(names, key=os.fsencode)
    assert {(member.mtime, member.uid, member.gid, member.uname) for member in members} == {
        (0, 0, 0, "")
    }
    assert {member.name: member.mode for member in members if member.isfile()} == {
        f"{top}/model/nothing": 0o644,
        f"{top}/model/run.sh": 0o755,
        f"{top}/model/sub/größe ☃.txt": 0o644,
        f"{top}/model/sub/{'long' * 50}": 0o644,
        f"{top}/model/weights.bin": 0o644,
    }
    assert {member.name for member in members if member.pax_headers} == {
        f"{top}/model/sub/größe ☃.txt",
        f"{top}/model/sub/{'long' * 50}",
    }


def test_tar_itself_reads_the_layer(store: ModelStore, folder: Path) -> None:
    layer = b"".join(store.layer(store.register(folder, IRIS)).blob.chunks())
    listing = subprocess.run(
        ["tar", "-tf", "-"], input=layer, check=True, capture_output=True, env={"LC_ALL": "C.UTF-8"}
    )
    names = listing.stdout.decode().splitlines()
    assert "var/azureml-app/azureml-models/iris/1/model/weights.bin" in names
    assert listing.stderr == b""


def test_a_hard_link_is_registered_as_a_file(store: ModelStore, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "a").write_text("same")
    os.link(folder / "a", folder / "b")
    model = store.register(folder, IRIS)
    place = store.unpack(model, tmp_path / "out")
    assert model.size == 8
    assert (place / "b").read_text() == "same"


def test_a_top_level_link_is_followed_and_keeps_its_name(
    store: ModelStore, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "best.pkl").symlink_to(folder / "weights.bin")
    model = store.register(tmp_path / "best.pkl", IRIS)
    assert model.root == "best.pkl"
    place = store.unpack(model, tmp_path / "out")
    assert place.read_bytes() == (folder / "weights.bin").read_bytes()
    assert not place.is_symlink()


def test_the_current_folder_is_registered_under_its_name(
    store: ModelStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert store.register(Path("."), IRIS).root == "model"
    assert store.register(Path("sub/.."), IRIS).root == "model"


def test_what_is_unpacked_is_what_was_registered(
    store: ModelStore, folder: Path, tmp_path: Path
) -> None:
    place = store.unpack(store.register(folder, IRIS), tmp_path / "new" / "out")
    assert place == tmp_path / "new" / "out" / "model"
    assert os.listdir(place.parent) == ["model"]
    expected = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    assert sorted(path.relative_to(place) for path in place.rglob("*")) == expected
    for path in expected:
        if (folder / path).is_symlink():
            assert os.readlink(place / path) == os.readlink(folder / path)
        elif (folder / path).is_file():
            assert (place / path).read_bytes() == (folder / path).read_bytes()
    assert os.access(place / "run.sh", os.X_OK)
    assert not (place / "weights.bin").stat().st_mode & 0o111


def test_unpacking_replaces_nothing_unless_told(
    store: ModelStore, folder: Path, tmp_path: Path
) -> None:
    model = store.register(folder, IRIS)
    (tmp_path / "out" / "model").mkdir(parents=True)
    (tmp_path / "out" / "model" / "mine").touch()
    with pytest.raises(ConflictError, match="out/model exists already"):
        store.unpack(model, tmp_path / "out")
    assert (tmp_path / "out" / "model" / "mine").exists()
    store.unpack(model, tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out" / "model" / "mine").exists()
    assert os.listdir(tmp_path / "out") == ["model"]


def test_a_property_cannot_be_changed_and_nothing_else_is_then(
    store: ModelStore, folder: Path
) -> None:
    model = store.register(folder, ModelDraft(name="iris", properties={"a": "1"}))
    with pytest.raises(ConflictError):
        store.update(
            ModelReference(name="iris"),
            ModelChanges(add_properties={"a": "2", "b": "3"}, add_tags={"t": "u"}),
        )
    assert store.find(ModelReference(name="iris")) == model


def test_a_deleted_number_is_never_given_again(store: ModelStore, folder: Path) -> None:
    store.register(folder, IRIS)
    store.register(folder, IRIS)
    store.delete(ModelReference(name="iris", version=2))
    assert store.register(folder, IRIS).version == 3
    for version in (1, 3):
        store.delete(ModelReference(name="iris", version=version))
    assert store.register(folder, IRIS).version == 4


def test_every_name_that_a_model_may_have_is_kept_apart(store: ModelStore, folder: Path) -> None:
    for name in NAMES:
        assert store.register(folder / "nothing", ModelDraft(name=name)).version == 1
    assert sorted(model.name for model in store.list()) == sorted(NAMES)
    for name in NAMES:
        [model] = store.list(name)
        assert model.id == f"{name}:1"
        assert store.find(ModelReference(name=name)) == model
        with tar_of(store, model) as layer:
            last = layer.getnames()[-1]
        assert last == f"var/azureml-app/azureml-models/{name}/1/nothing"


@pytest.mark.parametrize("name", ["", "-a", ".a", "a/b", "a:b", "ä", "x" * 256, "a\n"])
def test_other_names_are_refused_before_anything_is_kept(
    store: ModelStore, folder: Path, name: str
) -> None:
    with pytest.raises(ConfigurationError):
        store.register(folder, ModelDraft(name=name))
    assert store.list() == ()


def test_what_is_not_there_is_named_with_what_is(store: ModelStore, folder: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no model iris"):
        store.find(ModelReference(name="iris"))
    for _ in range(2):
        store.register(folder / "nothing", IRIS)
    with pytest.raises(NotFoundError, match="iris has no version 7: it has versions 1, 2"):
        store.find(ModelReference(name="iris", version=7))
    with pytest.raises(NotFoundError) as caught:
        store.find(ModelReference(name="Irish"))
    assert "did you mean iris?" in (caught.value.hint or "")
    for change in (store.delete, lambda each: store.update(each, ModelChanges())):
        with pytest.raises(NotFoundError):
            change(ModelReference(name="iris", version=7))


def test_a_path_that_is_not_there_costs_no_number(store: ModelStore, folder: Path) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        store.register(folder / "missing", IRIS)
    assert store.register(folder, IRIS).version == 1


def test_tags_and_properties_may_hold_any_text(store: ModelStore, folder: Path) -> None:
    said = {"größe": "☃", "": "empty key", "a.b/c": "", "quote": '"\\', "line": "1\n2"}
    draft = ModelDraft(name="iris", tags=said, properties=said, description="größe\n☃")
    store.register(folder / "nothing", draft)
    found = store.find(ModelReference(name="iris"))
    assert (found.tags, found.properties, found.description) == (said, said, "größe\n☃")


def test_an_update_changes_what_is_said_and_keeps_the_files(
    store: ModelStore, folder: Path, tmp_path: Path
) -> None:
    before = store.register(folder, ModelDraft(name="iris", tags={"old": "1"}))
    changes = ModelChanges(
        add_tags={"a": "b"}, remove_tags=["old"], add_properties={"p": "1"}, description="new"
    )
    after = store.update(ModelReference(name="iris"), changes)
    assert (after.tags, after.properties, after.description) == ({"a": "b"}, {"p": "1"}, "new")
    assert after.layer_digest == before.layer_digest
    assert store.find(ModelReference(name="iris", version=1)) == after
    assert store.update(ModelReference(name="iris"), ModelChanges()) == after
    assert (store.unpack(after, tmp_path / "out") / "run.sh").read_text() == "#!/bin/sh\n"


def test_a_deleted_version_is_gone_and_the_others_stay(store: ModelStore, folder: Path) -> None:
    kept = store.register(folder, IRIS)
    store.register(folder, IRIS)
    store.delete(ModelReference(name="iris", version=2))
    assert store.list() == (kept,)
    assert store.find(ModelReference(name="iris")) == kept
    with pytest.raises(NotFoundError, match="no version 2"):
        store.delete(ModelReference(name="iris", version=2))
    store.delete(ModelReference(name="iris"))
    assert store.list() == ()


def test_an_updated_model_can_be_deleted(store: ModelStore, folder: Path) -> None:
    store.register(folder / "nothing", IRIS)
    store.update(ModelReference(name="iris"), ModelChanges(add_tags={"a": "b"}))
    store.delete(ModelReference(name="iris", version=1))
    assert store.list("iris") == ()


def test_a_compressed_model_is_smaller_and_comes_back_as_it_was(
    store: ModelStore, tmp_path: Path
) -> None:
    (tmp_path / "weights").write_bytes(b"0123456789" * 100_000)
    model = store.register(tmp_path / "weights", IRIS, compression="gzip")
    assert model.size == 1_000_000
    assert model.layer.size < 100_000
    assert model.diff_id != model.layer_digest
    assert store.find(ModelReference(name="iris")) == model
    layer = store.layer(model)
    assert layer.blob.descriptor.media_type == "application/vnd.oci.image.layer.v1.tar+gzip"
    assert layer.diff_id == model.diff_id
    place = store.unpack(model, tmp_path / "out")
    assert place.read_bytes() == (tmp_path / "weights").read_bytes()


def test_progress_counts_the_bytes(store: ModelStore, folder: Path, tmp_path: Path) -> None:
    told: list[Event] = []
    model = store.register(folder, IRIS, emit=told.append)
    store.unpack(model, tmp_path / "out", emit=told.append)
    started = {each.task: each for each in told if isinstance(each, Started)}
    named = [each for each in started.values() if each.title == "Model iris:1"]
    assert len(named) == 2
    assert all((each.total or 0) >= model.size for each in named)
    for task, each in started.items():
        done = [event.done for event in told if isinstance(event, Advanced) and event.task == task]
        assert done == sorted(done)
        assert done[-1:] in ([each.total], [])
        [end] = [event for event in told if isinstance(event, Finished) and event.task == task]
        assert end.outcome in ("done", "reused")


def test_the_time_of_a_model_is_that_of_its_registration(store: ModelStore, folder: Path) -> None:
    before = datetime.now(timezone.utc)
    model = store.register(folder / "nothing", IRIS)
    assert before <= model.created_time <= datetime.now(timezone.utc)
    assert store.update(ModelReference(name="iris"), ModelChanges()).created_time == (
        model.created_time
    )
