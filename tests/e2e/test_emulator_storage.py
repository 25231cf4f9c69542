"""Blobs of the emulator's storage accounts, with Azure's own client and a real Azurite."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acideploy.emulator.cloud import SUBSCRIPTION
from tests.azure_python import azure_python, run_program
from tests.conftest import ROOT
from tests.emulated import Emulated, emulated
from tests.environments import unavailable
from tests.parts import MissingPartError, program

WORKSPACE = (
    "resourceGroups/emulator/providers/Microsoft.MachineLearningServices/workspaces/emulator"
)
ACCOUNTS = "resourceGroups/emulator/providers/Microsoft.Storage/storageAccounts"

COPY = """
from azure.storage.blob import BlobServiceClient
client = BlobServiceClient(ASKED["url"], credential=ASKED.get("key") or Credential())
blob = client.get_blob_client(ASKED["container"], "models/1/model.pkl")
if "text" in ASKED:
    blob.upload_blob(ASKED["text"].encode())
print(json.dumps(blob.download_blob().readall().decode()))
"""

NAMES = """
from azure.storage.blob import BlobServiceClient
client = BlobServiceClient(ASKED["url"], credential=ASKED["key"])
client.create_container("other")
print(json.dumps([each["name"] for each in client.list_containers()]))
"""


@pytest.fixture
def python() -> Path:
    try:
        program("azurite-blob", package="npm, then: npm install -g azurite")
    except MissingPartError as error:
        unavailable(str(error))
    return azure_python()


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[Emulated]:
    with emulated(tmp_path / "emulator", seeded=True) as running:
        yield running


KILLED = """
import json, sys, time
from pathlib import Path
from tests.e2e.test_emulator_storage import COPY, _store
from tests.azure_python import azure_python, run_program
from tests.emulated import emulated

with emulated(Path(sys.argv[1]), seeded=True) as azure:
    store = _store(azure)
    run_program(azure_python(), COPY, azure, **store, text="a model")
    pid = azure.cloud.store.get("azurite", "process")["pid"]
    print(json.dumps({"store": store, "pid": pid}), flush=True)
    time.sleep(60)
"""


def _process(directory: Path) -> subprocess.Popen[str]:
    """An emulator in a process of its own, with a blob in it."""
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, str(directory)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def _store(azure: Emulated) -> dict[str, Any]:
    """Where the files of the workspace are, found as a client finds it: from id to id."""
    workspace = azure.arm("GET", WORKSPACE, version="2023-10-01").json
    account_id = workspace["properties"]["storageAccount"]
    account = azure.arm("GET", account_id, version="2023-01-01").json
    datastore = f"{WORKSPACE}/datastores/workspaceblobstore"
    secrets = azure.arm("POST", f"{datastore}/listSecrets", {}, version="2023-10-01").json
    return {
        "url": account["properties"]["primaryEndpoints"]["blob"],
        "container": azure.arm("GET", datastore, version="2023-10-01").json["properties"][
            "containerName"
        ],
        "key": secrets["key"],
    }


def test_files_of_a_workspace_are_where_its_storage_account_says(
    seeded: Emulated, python: Path
) -> None:
    assert run_program(python, COPY, seeded, **_store(seeded), text="a model") == "a model"


def test_a_token_opens_a_storage_account_as_a_key_does(seeded: Emulated, python: Path) -> None:
    store = _store(seeded)
    run_program(python, COPY, seeded, **store, text="a model")
    assert run_program(python, COPY, seeded, **{**store, "key": None}) == "a model"


def test_blobs_are_there_after_a_restart_and_at_the_same_address(
    tmp_path: Path, python: Path
) -> None:
    with emulated(tmp_path / "emulator", seeded=True) as azure:
        before = _store(azure)
        run_program(python, COPY, azure, **before, text="a model")
    with emulated(tmp_path / "emulator", seeded=True) as azure:
        assert _store(azure) == before
        assert run_program(python, COPY, azure, **before) == "a model"


def test_an_account_made_later_is_served_beside_the_others(seeded: Emulated, python: Path) -> None:
    run_program(python, COPY, seeded, **_store(seeded), text="a model")
    body = {"location": "westus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    made = seeded.arm("PUT", f"{ACCOUNTS}/later", body, version="2023-01-01").json
    keys = seeded.arm("POST", f"{ACCOUNTS}/later/listKeys", {}, version="2023-01-01").json["keys"]
    url = made["properties"]["primaryEndpoints"]["blob"]
    assert run_program(python, NAMES, seeded, url=url, key=keys[1]["value"]) == ["other"]
    assert run_program(python, COPY, seeded, **_store(seeded)) == "a model"


def test_blobs_outlive_an_emulator_that_is_killed(tmp_path: Path, python: Path) -> None:
    directory = tmp_path / "emulator"
    with _process(directory) as killed:
        azure = json.loads(killed.stdout.readline()) if killed.stdout else {}
        store, pid = azure["store"], azure["pid"]
        killed.kill()
    assert Path(f"/proc/{pid}").exists()
    with emulated(directory, seeded=True) as running:
        assert _store(running) == store
        assert run_program(python, COPY, running, **store) == "a model"
        ended = Path(f"/proc/{pid}/cmdline")
        assert not ended.exists() or not ended.read_bytes()


def test_without_azurite_everything_but_blobs_answers(
    seeded: Emulated, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    store = _store(seeded)
    assert (
        store["key"]
        == seeded.arm(
            "POST",
            f"/subscriptions/{SUBSCRIPTION}/{ACCOUNTS}/emulatorstorage/listKeys",
            {},
            version="2023-01-01",
        ).json["keys"][0]["value"]
    )
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with pytest.raises(OSError, match=r"EOF|reset|closed|disconnected"):
                seeded.ask("GET", store["url"])
    assert [line for line in caplog.messages if "azurite" in line] == [
        "blobs cannot be had: there is no azurite-blob: npm install -g azurite"
    ]
