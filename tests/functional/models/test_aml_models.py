"""Models of an Azure ML workspace: found, brought into the registry once, and mounted."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from acideploy.azure.blob_access import Access, AccountKey, Bearer
from acideploy.azure.blobs import BlobReader, Container
from acideploy.clock import SystemClock
from acideploy.errors import (
    AzureError,
    ConflictError,
    NotFoundError,
    StorageError,
    UnsupportedError,
)
from acideploy.events import Event, Finished, Started
from acideploy.models import Model, ModelChanges, ModelDraft, ModelReference, parse_reference
from acideploy.models.aml import AmlModels
from acideploy.models.aml_bring import ORIGIN
from acideploy.models.aml_datastore import Datastores
from acideploy.models.aml_place import BlobPath
from acideploy.models.aml_store import AmlBackedStore
from tests.emulated import Emulated, emulated
from tests.emulated_models import (
    STORAGE,
    WORKSPACE,
    asked,
    container_of,
    forget,
    opened,
    register,
    sign_in,
    store_of,
    upload,
)
from tests.environments import unavailable
from tests.parts import MissingPartError, program
from tests.registries import InstantClock

SHORT = "azureml://datastores/workspaceblobstore/paths"
LONG = f"azureml:/{WORKSPACE}/datastores/workspaceblobstore/paths".replace(
    "/providers/Microsoft.MachineLearningServices", ""
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    """A workspace with blobs; tests take names of their own."""
    try:
        program("azurite-blob", package="npm, then: npm install -g azurite")
    except MissingPartError as error:
        unavailable(str(error))
    with emulated(tmp_path_factory.mktemp("azure") / "emulator", seeded=True) as azure:
        yield azure


@pytest.fixture
def azure(running: Emulated, monkeypatch: pytest.MonkeyPatch) -> Emulated:
    sign_in(running, monkeypatch)
    return running


def backed(azure: Emulated, folder: Path, told: list[Event] | None = None) -> AmlBackedStore:
    return AmlBackedStore(
        store_of(azure),
        models=lambda: AmlModels(opened(azure), clock=SystemClock()),
        scratch=folder / "scratch",
        clock=SystemClock(),
        emit=(told if told is not None else []).append,
    )


def files_of(store: AmlBackedStore, model: Model, folder: Path) -> dict[str, bytes]:
    """What the model's layer holds."""
    top = store.unpack(model, folder / "unpacked")
    found = [top] if top.is_file() else [path for path in top.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder / "unpacked")): path.read_bytes() for path in found}


@pytest.mark.parametrize("form", [SHORT, LONG], ids=["short", "long"])
def test_a_file_is_brought_under_its_name_and_version(
    azure: Emulated, tmp_path: Path, form: str
) -> None:
    name = f"file-{len(form)}"
    upload(azure, f"LocalUpload/{name}/model.pkl", b"weights")
    register(
        azure,
        name,
        "7",
        f"{form}/LocalUpload/{name}/model.pkl",
        description="of irises",
        tags={"stage": "try"},
        properties={"accuracy": "0.9"},
        flavors={"sklearn": {"data": {"sklearn_version": "1.4.2"}}},
    )
    store = backed(azure, tmp_path)
    model = store.find(parse_reference(f"{name}:7"))
    assert (model.id, model.root, model.size) == (f"{name}:7", "model.pkl", 7)
    assert (model.description, model.tags) == ("of irises", {"stage": "try"})
    origin = f"{WORKSPACE}/models/{name}/versions/7"
    assert model.properties == {"accuracy": "0.9", ORIGIN: origin}
    assert (model.framework, model.framework_version) == ("ScikitLearn", "1.4.2")
    assert files_of(store, model, tmp_path) == {"model.pkl": b"weights"}
    assert {path.suffix for path in (tmp_path / "scratch").iterdir()} <= {".lock"}


def test_a_folder_is_brought_with_all_below_it_and_nothing_beside_it(
    azure: Emulated, tmp_path: Path
) -> None:
    files = {f"net/{number:03}/part.bin": bytes([number]) * 1000 for number in range(30)}
    for path, content in files.items():
        upload(azure, f"up/{path}", content)
    upload(azure, "up/net-old/part.bin", b"another model")
    upload(azure, "up/net/mark", b"", headers={"x-ms-meta-hdi_isfolder": "true"})
    register(azure, "net", "1", f"{SHORT}/up/net/")
    store = backed(azure, tmp_path)
    assert files_of(store, store.find(parse_reference("net:1")), tmp_path) == files


def test_what_a_run_left_in_the_artifact_store_is_found(azure: Emulated, tmp_path: Path) -> None:
    place = "ExperimentRun/dcid.job1/outputs/model.txt"
    upload(azure, place, b"of a run", datastore="workspaceartifactstore")
    register(azure, "run", "1", "azureml://jobs/job1/outputs/artifacts/paths/outputs/model.txt")
    store = backed(azure, tmp_path)
    model = store.find(parse_reference("run:1"))
    assert files_of(store, model, tmp_path) == {"model.txt": b"of a run"}


def test_a_model_is_brought_once_and_then_found_without_a_request_to_azure(
    azure: Emulated, tmp_path: Path
) -> None:
    upload(azure, "once/model.txt", b"once")
    register(azure, "once", "1", f"{SHORT}/once/model.txt")
    told: list[Event] = []
    first = backed(azure, tmp_path, told).find(parse_reference("once:1"))
    assert next(each.task for each in told if isinstance(each, Started)) == "download once:1"
    assert {each.outcome for each in told if isinstance(each, Finished)} <= {"done", "reused"}
    store = backed(azure, tmp_path)
    forget(azure)
    assert store.find(parse_reference("once:1")) == first
    assert [each for each in asked(azure) if each["path"].startswith("/subscriptions")] == []
    assert store.layer(first).blob.mount_from == ("models/once",)


def test_a_model_of_the_registry_wins_over_one_of_azure_ml(azure: Emulated, tmp_path: Path) -> None:
    (tmp_path / "model.txt").write_text("ours")
    upload(azure, "both/model.txt", b"theirs")
    register(azure, "both", "1", f"{SHORT}/both/model.txt")
    store = backed(azure, tmp_path)
    ours = store.register(tmp_path / "model.txt", ModelDraft(name="both"))
    assert store.find(parse_reference("both:1")) == ours
    assert store.find(parse_reference("both")) == ours


def test_a_bare_name_is_the_newest_also_after_an_older_one_was_brought(
    azure: Emulated, tmp_path: Path
) -> None:
    store = backed(azure, tmp_path)
    for version in ("1", "2", "10", "beta"):
        upload(azure, f"many/{version}/model.txt", version.encode())
        register(azure, "many", version, f"{SHORT}/many/{version}/model.txt")
        if version == "1":
            assert store.find(parse_reference("many")).version == 1
    assert store.find(parse_reference("many")).version == 10
    assert [model.version for model in store.list("many")] == [10, 1]


def test_keys_of_the_datastore_serve_where_the_login_is_refused(
    running: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(running, monkeypatch, secret="wrong")
    upload(running, "keys/model.txt", b"by key")
    register(running, "keys", "1", f"{SHORT}/keys/model.txt")
    forget(running)
    store = backed(running, tmp_path)
    model = store.find(parse_reference("keys:1"))
    assert files_of(store, model, tmp_path) == {"model.txt": b"by key"}
    assert [each for each in asked(running) if each["path"].endswith("/listSecrets")]


def test_a_place_without_a_datastore_has_the_keys_of_the_one_that_means_it(
    running: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(running, monkeypatch, secret="wrong")
    upload(running, "place/model.txt", b"by address")
    datastores = Datastores(opened(running), clock=SystemClock())
    place = BlobPath(account="emulatorstorage", url=container_of(running), path="place/model.txt")
    reader, path = datastores.reader(place)
    blob = reader.find(path)
    assert blob
    assert b"".join(reader.chunks(blob)) == b"by address"


def test_no_key_is_asked_for_where_the_login_does(azure: Emulated, tmp_path: Path) -> None:
    upload(azure, "login/model.txt", b"by login")
    register(azure, "login", "1", f"{SHORT}/login/model.txt")
    forget(azure)
    backed(azure, tmp_path).find(parse_reference("login:1"))
    assert [each for each in asked(azure) if each["path"].endswith("/listSecrets")] == []


def test_who_has_neither_login_nor_key_is_told_to_log_in(
    running: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(running, monkeypatch, secret="wrong")
    said = running.arm("GET", f"{WORKSPACE}/datastores/workspaceblobstore", version="2023-04-01")
    properties = {
        **said.json["properties"],
        "isDefault": False,
        "credentials": {"credentialsType": "None"},
    }
    path = f"{WORKSPACE}/datastores/keyless"
    running.arm("PUT", path, {"properties": properties}, version="2023-04-01")
    register(running, "secret", "1", "azureml://datastores/keyless/paths/secret/model.txt")
    with pytest.raises(AzureError) as caught:
        backed(running, tmp_path).find(parse_reference("secret:1"))
    assert caught.value.hint == "az login"


def test_a_missing_version_is_told_with_those_of_both_places(
    azure: Emulated, tmp_path: Path
) -> None:
    store = backed(azure, tmp_path)
    upload(azure, "miss/model.txt", b"1")
    register(azure, "miss", "1", f"{SHORT}/miss/model.txt")
    register(azure, "miss", "4", f"{SHORT}/miss/model.txt")
    store.find(parse_reference("miss:1"))
    with pytest.raises(NotFoundError) as caught:
        store.find(parse_reference("miss:9"))
    assert caught.value.message == (
        "model miss has no version 9: it has version 1; "
        "in the Azure ML workspace emulator it has versions 4, 1"
    )


def test_a_missing_model_is_told_with_what_it_may_have_been(
    azure: Emulated, tmp_path: Path
) -> None:
    register(azure, "forecast", "1", f"{SHORT}/forecast")
    with pytest.raises(NotFoundError) as caught:
        backed(azure, tmp_path).find(parse_reference("forcast:1"))
    assert caught.value.message.startswith("there is no model forcast; the Azure ML workspace")
    assert "did you mean forecast:1?" in (caught.value.hint or "")


def test_files_that_are_gone_are_told_of(azure: Emulated, tmp_path: Path) -> None:
    register(azure, "gone", "1", f"{SHORT}/gone/model.txt")
    with pytest.raises(NotFoundError, match=r"its files are gone: gone/model\.txt"):
        backed(azure, tmp_path).find(parse_reference("gone:1"))


def test_a_file_that_would_leave_the_folder_is_refused(azure: Emulated, tmp_path: Path) -> None:
    upload(azure, "evil/model/..%2F..%2Fout.txt", b"out")
    register(azure, "evil", "1", f"{SHORT}/evil/model")
    with pytest.raises(UnsupportedError, match="cannot be written to a disk"):
        backed(azure, tmp_path).find(parse_reference("evil:1"))
    assert not list(tmp_path.rglob("out.txt"))


def test_a_model_larger_than_the_disk_is_refused_before_it_is_fetched(
    azure: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(azure, "large/model.txt", b"large")
    register(azure, "large", "1", f"{SHORT}/large/model.txt")
    usage = type("Usage", (), {"free": 4})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(StorageError, match=r"the model has 5 bytes .* has 4 left"):
        backed(azure, tmp_path).find(parse_reference("large:1"))


def test_bringing_goes_on_after_it_was_broken_off(azure: Emulated, tmp_path: Path) -> None:
    upload(azure, "again/model.txt", b"again")
    register(azure, "again", "1", f"{SHORT}/again/model.txt")
    store = backed(azure, tmp_path)
    brought = store.find(parse_reference("again:1"))
    store.delete(ModelReference(name="again", version=1))
    assert store.find(parse_reference("again:1")).layer == brought.layer
    with pytest.raises(ConflictError):
        store.update(parse_reference("again:1"), ModelChanges(add_properties={ORIGIN: "other"}))


def test_several_that_bring_a_model_at_once_have_the_same(azure: Emulated, tmp_path: Path) -> None:
    upload(azure, "race/model.txt", b"race")
    register(azure, "race", "1", f"{SHORT}/race/model.txt")
    # Of one machine, and of others.
    folders = [tmp_path / "one", tmp_path / "one", tmp_path / "two", tmp_path / "three"]
    with ThreadPoolExecutor(len(folders)) as threads:
        found = threads.map(
            lambda folder: backed(azure, folder).find(parse_reference("race:1")), folders
        )
        assert len({model.digest for model in found}) == 1


def test_what_a_killed_process_left_is_taken_away(azure: Emulated, tmp_path: Path) -> None:
    upload(azure, "left/model.txt", b"left")
    register(azure, "left", "1", f"{SHORT}/left/model.txt")
    store = backed(azure, tmp_path)
    store.find(parse_reference("left:1"))
    (locked,) = (tmp_path / "scratch").iterdir()
    left = locked.with_suffix("")
    left.mkdir()
    (left / "model.txt").write_text("half")
    store.delete(parse_reference("left:1"))
    model = store.find(parse_reference("left:1"))
    assert files_of(store, model, tmp_path) == {"model.txt": b"left"}
    assert not left.exists()


def test_no_token_is_sent_to_a_host_that_is_not_azures(azure: Emulated, tmp_path: Path) -> None:
    properties = {
        "datastoreType": "AzureBlob",
        "accountName": "stranger",
        "containerName": "c",
        "endpoint": "example.org",
        "credentials": {"credentialsType": "None"},
    }
    path = f"{WORKSPACE}/datastores/stranger"
    azure.arm("PUT", path, {"properties": properties}, version="2023-04-01")
    register(azure, "stranger", "1", "azureml://datastores/stranger/paths/model.txt")
    with pytest.raises(UnsupportedError, match=r"stranger\.blob\.example\.org is not Azure's"):
        backed(azure, tmp_path).find(parse_reference("stranger:1"))


# Blobs themselves.


def key_of(azure: Emulated) -> Access:
    said = azure.arm("POST", f"{STORAGE}/listKeys", {}, version="2023-01-01").json
    return AccountKey(key=said["keys"][1]["value"])


def wrong_token() -> Access:
    return Bearer(token=lambda: "wrong")


def test_the_next_way_is_tried_where_a_token_or_a_key_is_refused(azure: Emulated) -> None:
    upload(azure, quote("ways/näme with spaces+&.txt"), b"ways")
    container = Container(account="emulatorstorage", url=container_of(azure))
    wrong_key = AccountKey(key="d3Jvbmc=")
    reader = BlobReader(
        container,
        ways=(wrong_token, lambda: wrong_key, lambda: key_of(azure)),
        clock=InstantClock(),
    )
    (blob,) = reader.list("ways/")
    assert blob.name == "ways/näme with spaces+&.txt"
    assert reader.find(blob.name) == blob
    assert b"".join(reader.chunks(blob)) == b"ways"
    assert reader.find("ways/none") is None
    refused = BlobReader(container, ways=(wrong_token, lambda: wrong_key), clock=InstantClock())
    with pytest.raises(AzureError) as caught:
        list(refused.list("ways/"))
    assert caught.value.status in (401, 403)


def test_all_pages_of_a_list_are_read(azure: Emulated) -> None:
    for number in range(7):
        upload(azure, f"pages/{number}", b"x")
    container = Container(account="emulatorstorage", url=container_of(azure))
    reader = BlobReader(container, ways=(lambda: key_of(azure),), clock=InstantClock(), page=3)
    assert [blob.name for blob in reader.list("pages/")] == [f"pages/{n}" for n in range(7)]


def test_a_blob_that_was_replaced_meanwhile_is_not_gone_on_with(azure: Emulated) -> None:
    upload(azure, "replaced.txt", b"before")
    container = Container(account="emulatorstorage", url=container_of(azure))
    reader = BlobReader(container, ways=(lambda: key_of(azure),), clock=InstantClock())
    blob = reader.find("replaced.txt")
    assert blob
    upload(azure, "replaced.txt", b"after!")
    with pytest.raises(AzureError) as caught:
        list(reader.chunks(blob))
    assert caught.value.status == 412


def test_without_an_azure_ml_workspace_nothing_is_asked(azure: Emulated) -> None:
    models = AmlModels(opened(azure, name=None), clock=SystemClock())
    forget(azure)
    assert models.find(parse_reference("any:1")) is None
    assert (models.names(), models.versions("any")) == ((), ())
    assert asked(azure) == []
