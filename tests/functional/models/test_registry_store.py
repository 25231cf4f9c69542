"""What is true of models in a registry only: locks, permissions, many at once, copies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.errors import ConflictError, RegistryError, StorageError
from acideploy.models import Model, ModelChanges, ModelDraft, ModelReference, ModelStore
from acideploy.models.registry_store import RegistryModelStore
from acideploy.models.store import LayoutModelStore
from acideploy.registry import Blob
from acideploy.registry.acr import AcrRegistry
from tests.functional.models.conftest import acr_store
from tests.parts.acr import OWNER, RunningAcr
from tests.parts.acr_scopes import Identity
from tests.parts.registry import RunningRegistry
from tests.registries import InstantClock, artifact_of, assert_whole, blob_of, owner

IRIS = ModelDraft(name="iris")
FIRST = ModelReference(name="iris", version=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.txt"
    path.write_text("content")
    return path


@pytest.fixture
def local(tmp_path: Path) -> LayoutModelStore:
    return LayoutModelStore(tmp_path / "local", clock=SystemClock())


def opened(part: RunningAcr | RunningRegistry) -> AcrRegistry:
    return AcrRegistry(part.host, login=owner, clock=InstantClock())


# Locks.


def test_a_registered_model_is_locked_against_everybody(own_acr: RunningAcr, file: Path) -> None:
    store = acr_store(own_acr)
    model = store.register(file, IRIS)
    attributes = own_acr.metadata.attributes("models/iris", "1")
    assert (attributes["writeEnabled"], attributes["deleteEnabled"]) == (False, False)
    stranger = opened(own_acr)
    other = artifact_of(blob_of(b"another content"))
    for blob in other.blobs:
        stranger.push_blob("models/iris", blob, advance=lambda count: None)
    with pytest.raises(RegistryError, match=r"cannot push models/iris:1: .* 405") as caught:
        stranger.push_manifest("models/iris", other.manifest, tag="1")
    assert "read-only" in (caught.value.hint or "")
    with pytest.raises(RegistryError, match="cannot delete models/iris@sha256"):
        stranger.delete_manifest("models/iris", model.digest)
    assert store.find(FIRST) == model


def test_a_locked_model_can_be_updated_and_is_locked_again(own_acr: RunningAcr, file: Path) -> None:
    store = acr_store(own_acr)
    store.register(file, IRIS)
    store.update(FIRST, ModelChanges(add_tags={"a": "b"}))
    assert own_acr.metadata.attributes("models/iris", "1")["writeEnabled"] is False
    store.delete(FIRST)
    assert own_acr.registry.tags("models/iris") == {}


def test_who_may_not_lock_registers_all_the_same(own_acr: RunningAcr, file: Path) -> None:
    own_acr.tokens.entra["entra-access-token"] = Identity("pusher", ("pull", "push"))
    model = acr_store(own_acr).register(file, IRIS)
    assert own_acr.metadata.attributes("models/iris", "1")["writeEnabled"] is True
    assert acr_store(own_acr).find(FIRST) == model


@dataclass
class Meddled:
    """A registry where somebody writes the tag just before it is locked."""

    registry: AcrRegistry

    def __getattr__(self, name: str) -> object:
        return getattr(self.registry, name)

    def set_locked(self, repository: str, tag: str, *, locked: bool) -> bool:
        other = artifact_of(blob_of(b"another content"))
        for blob in other.blobs:
            self.registry.push_blob(repository, blob, advance=lambda count: None)
        self.registry.push_manifest(repository, other.manifest, tag=tag)
        return self.registry.set_locked(repository, tag, locked=locked)


def test_a_version_that_somebody_else_overwrites_is_noticed(
    own_acr: RunningAcr, file: Path
) -> None:
    store = RegistryModelStore(Meddled(opened(own_acr)), clock=InstantClock())  # type: ignore[arg-type]
    with pytest.raises(ConflictError, match="iris:1 was written by somebody else"):
        store.register(file, IRIS)


# Permissions.


@pytest.mark.parametrize("refusal", [401, 403])
def test_who_may_only_pull_is_told_the_role_and_the_repository(
    own_acr: RunningAcr, file: Path, refusal: int
) -> None:
    acr_store(own_acr).register(file, IRIS)
    own_acr.tokens.refusal = 401 if refusal == 401 else 403
    own_acr.tokens.entra["entra-access-token"] = Identity("reader", ("pull", "metadata_read"))
    store = acr_store(own_acr)
    assert store.find(FIRST).version == 1
    for forbidden in (
        lambda: store.register(file, IRIS),
        lambda: store.register(file, ModelDraft(name="new")),
    ):
        with pytest.raises(RegistryError, match=r"no permission to push .*model-claims/") as caught:
            forbidden()
        assert "AcrPush" in (caught.value.hint or "")
    with pytest.raises(RegistryError, match="no permission to delete models/iris@") as caught:
        store.delete(FIRST)
    assert "AcrDelete" in (caught.value.hint or "")
    assert own_acr.registry.tags("models/iris").keys() == {"1"}


def test_who_may_not_even_pull_is_told(own_acr: RunningAcr, file: Path) -> None:
    acr_store(own_acr).register(file, IRIS)
    own_acr.tokens.entra["entra-access-token"] = Identity("nobody", ())
    with pytest.raises(RegistryError, match="no permission to pull models/iris:1") as caught:
        acr_store(own_acr).find(FIRST)
    assert "AcrPull" in (caught.value.hint or "")


# Many at once.


def contents(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}" / "model.txt" for number in range(10)]
    for number, path in enumerate(paths):
        path.parent.mkdir()
        path.write_text(f"model {number}")
    return paths


def assert_ten(store: ModelStore, told: dict[int, str], tmp_path: Path) -> None:
    """Ten versions without a gap, each with what its registrant registered."""
    assert sorted(told) == list(range(1, 11))
    assert [model.version for model in store.list("iris")] == list(range(10, 0, -1))
    for version, content in told.items():
        model = store.find(ModelReference(name="iris", version=version))
        assert store.unpack(model, tmp_path / f"out{version}").read_text() == content


def test_ten_threads_get_ten_versions_each_with_its_own_content(
    store: ModelStore, tmp_path: Path
) -> None:
    paths = contents(tmp_path)
    with ThreadPoolExecutor(max_workers=10) as threads:
        models = list(threads.map(lambda path: store.register(path, IRIS), paths))
    told = {model.version: path.read_text() for model, path in zip(models, paths, strict=True)}
    assert_ten(store, told, tmp_path)


def test_ten_commands_get_ten_versions_each_with_its_own_content(
    own_acr: RunningAcr, tmp_path: Path
) -> None:
    own_acr.tokens.users["user", "secret"] = OWNER
    variables = {
        **os.environ,
        "ACIDEPLOY_HOME": str(tmp_path / "home"),
        "ACIDEPLOY_REGISTRY_USERNAME": "user",
        "ACIDEPLOY_REGISTRY_PASSWORD": "secret",
    }
    paths = contents(tmp_path)
    command = [sys.executable, "-m", "acideploy", "model", "register", "-n", "iris", "-o", "json"]
    command += ["--registry", own_acr.host, "-p"]
    running = [
        subprocess.Popen([*command, path], stdout=subprocess.PIPE, env=variables) for path in paths
    ]
    told: dict[int, str] = {}
    for path, process in zip(paths, running, strict=True):
        output, _ = process.communicate()
        assert process.returncode == 0
        told[int(json.loads(output)["version"])] = path.read_text()
    assert_ten(acr_store(own_acr), told, tmp_path)
    assert_whole(own_acr.registry)


def test_a_number_is_never_given_again_even_to_another_machine(
    own_acr: RunningAcr, file: Path
) -> None:
    acr_store(own_acr).register(file, IRIS)
    acr_store(own_acr).delete(FIRST)
    assert acr_store(own_acr).register(file, IRIS).version == 2
    assert [model.version for model in acr_store(own_acr).list()] == [2]


# Copies from store to store.


Stores = Callable[[str], ModelStore]


@pytest.fixture
def stores(own_acr: RunningAcr, local: LayoutModelStore) -> Stores:
    return lambda name: local if name == "local" else acr_store(own_acr)


def copy(model: Model, source: ModelStore, target: ModelStore) -> Model:
    return target.add(model, source.layer(model).blob)


WAYS = pytest.mark.parametrize(("source", "target"), [("local", "registry"), ("registry", "local")])


@WAYS
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_copy_is_the_same_model(
    stores: Stores, source: str, target: str, compression: str, file: Path, tmp_path: Path
) -> None:
    draft = replace(IRIS, tags={"a": "b"}, properties={"c": "d"}, description="flowers")
    given, taken = stores(source), stores(target)
    model = given.register(file, draft, compression="gzip" if compression == "gzip" else "none")
    copied = copy(model, given, taken)
    assert copied == model
    assert taken.find(FIRST) == model
    assert copy(model, given, taken) == model
    assert taken.unpack(model, tmp_path / "out").read_text() == "content"
    assert taken.register(file, IRIS).version == 2


@WAYS
def test_a_version_that_is_another_model_is_not_replaced(
    stores: Stores, source: str, target: str, file: Path, tmp_path: Path
) -> None:
    given, taken = stores(source), stores(target)
    (tmp_path / "other.txt").write_text("other")
    there = taken.register(tmp_path / "other.txt", IRIS)
    model = given.register(file, IRIS)
    with pytest.raises(ConflictError, match="version 1 of model iris is taken"):
        copy(model, given, taken)
    assert taken.list() == (there,)
    taken.delete(FIRST)
    with pytest.raises(ConflictError, match="version 1 of model iris is taken"):
        copy(model, given, taken)


@WAYS
def test_versions_can_be_copied_in_any_order(
    stores: Stores, source: str, target: str, file: Path
) -> None:
    given, taken = stores(source), stores(target)
    first, second = given.register(file, IRIS), given.register(file, IRIS)
    for model in (second, first):
        copy(model, given, taken)
    assert [model.version for model in taken.list()] == [2, 1]
    assert taken.register(file, IRIS).version == 3


@WAYS
def test_a_copy_that_was_broken_off_is_completed_by_another(
    stores: Stores, source: str, target: str, file: Path
) -> None:
    given, taken = stores(source), stores(target)
    model = given.register(file, IRIS)

    def broken() -> Iterator[bytes]:
        yield bytes(10)
        raise KeyboardInterrupt

    layer = given.layer(model).blob
    with pytest.raises(KeyboardInterrupt):
        taken.add(model, replace(layer, chunks=broken))
    assert taken.list() == ()
    assert copy(model, given, taken) == model
    assert taken.list() == (model,)


@WAYS
def test_a_layer_that_is_damaged_on_the_way_is_not_taken(
    stores: Stores, source: str, target: str, file: Path
) -> None:
    given, taken = stores(source), stores(target)
    model = given.register(file, IRIS)
    layer: Blob = given.layer(model).blob
    damaged = replace(layer, chunks=lambda: iter([bytes(layer.descriptor.size)]))
    with pytest.raises((RegistryError, StorageError)):
        taken.add(model, damaged)
    assert taken.list() == ()
    assert copy(model, given, taken) == model


# Damage.


def test_what_is_no_model_of_ours_is_named(own_acr: RunningAcr, file: Path) -> None:
    foreign = artifact_of(blob_of(b"layer"))
    registry = opened(own_acr)
    for blob in foreign.blobs:
        registry.push_blob("models/iris", blob, advance=lambda count: None)
    registry.push_manifest("models/iris", foreign.manifest, tag="1")
    with pytest.raises(StorageError, match="iris:1 cannot be read: not a model that acideploy"):
        acr_store(own_acr).find(FIRST)
    assert acr_store(own_acr).register(file, IRIS).version == 2
