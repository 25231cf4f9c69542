"""Runs of tasks, as far as they go without a container engine."""

from __future__ import annotations

import asyncio
import base64
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from acideploy.emulator.clock import ManualClock
from tests.emulated import START, Answer, Emulated, emulated
from tests.emulated_registries import make_registry, registry_path, tar

VERSION = "2025-03-01-preview"
PLATFORM = {"os": "linux", "architecture": "amd64"}
TASK_FILE = base64.b64encode(b"steps:\n  - cmd: bash echo {{.Run.ID}}\n").decode()
ENCODED = {"type": "EncodedTaskRunRequest", "encodedTaskContent": TASK_FILE, "platform": PLATFORM}
# Task files that are YAML and yet none.
ODD = [
    base64.b64encode(text.encode()).decode()
    for text in (
        "steps: [{cmd: 'unclosed \"quote'}]",
        "steps: [{cmd: a, timeout: soon}]",
        "steps: [{cmd: a, push: [b]}]",
        "steps: [{build: --what .}]",
        "steps: [{push: 5}]",
    )
]


def ask(azure: Emulated, method: str, path: str, body: object = None) -> Answer:
    return azure.arm(method, f"{registry_path('models')}/{path}", body, version=VERSION)


def ended(azure: Emulated, run: str) -> dict[str, Any]:
    """A run when it has ended."""
    for _ in range(500):
        shown: dict[str, Any] = ask(azure, "GET", f"runs/{run}").json
        if shown["properties"]["status"] not in ("Queued", "Running"):
            return shown
        time.sleep(0.01)
    raise AssertionError("the run did not end")


def test_a_run_is_queued_then_runs_then_has_ended(still: Emulated) -> None:
    make_registry(still)
    begun = ask(still, "POST", "scheduleRun", ENCODED)
    assert begun.status == 200
    assert list(begun.json["properties"]) == [
        "runId",
        "status",
        "lastUpdatedTime",
        "provisioningState",
        "isArchiveEnabled",
    ]
    assert begun.json["name"] == "cf1"
    assert ask(still, "GET", "runs/cf1").json["properties"]["status"] == "Queued"
    still.advance(1)
    run = ended(still, "cf1")["properties"]
    assert list(run) == [
        "runId",
        "status",
        "lastUpdatedTime",
        "runType",
        "createTime",
        "startTime",
        "finishTime",
        "platform",
        "agentConfiguration",
        "provisioningState",
        "isArchiveEnabled",
    ]
    assert run["runType"] == "QuickRun"
    assert run["provisioningState"] == "Succeeded"
    assert run["createTime"] < run["startTime"] <= run["finishTime"]


def test_without_an_engine_a_run_fails_and_its_log_says_so(azure: Emulated) -> None:
    make_registry(azure)
    ask(azure, "POST", "scheduleRun", ENCODED)
    assert ended(azure, "cf1")["properties"]["status"] == "Failed"
    log = azure.ask("GET", ask(azure, "POST", "runs/cf1/listLogSasUrl").json["logLink"])
    assert log.headers["x-ms-meta-complete"] == "failed"
    assert "no container engine" in log.body.decode()
    assert log.body.decode().rstrip().splitlines()[-1].startswith("Run ID: cf1 failed after")


def test_the_log_is_there_before_the_run_begins(still: Emulated) -> None:
    make_registry(still)
    ask(still, "POST", "scheduleRun", ENCODED)
    log = still.ask("HEAD", ask(still, "POST", "runs/cf1/listLogSasUrl").json["logLink"])
    assert log.status == 200
    assert log.headers["x-ms-blob-type"] == "AppendBlob"
    assert log.headers["content-length"] == "0"
    assert not [name for name in log.headers if name.startswith("x-ms-meta-")]


def test_a_queued_run_can_be_cancelled(still: Emulated) -> None:
    make_registry(still)
    ask(still, "POST", "scheduleRun", ENCODED)
    cancelled = ask(still, "POST", "runs/cf1/cancel")
    assert (cancelled.status, cancelled.body) == (200, b"")
    assert ended(still, "cf1")["properties"]["status"] == "Canceled"


def test_runs_are_listed_newest_first_by_task_and_up_to_a_number(azure: Emulated) -> None:
    make_registry(azure)
    step = {"type": "EncodedTask", "encodedTaskContent": TASK_FILE}
    task = {"location": "westus", "properties": {"platform": PLATFORM, "step": step}}
    identifier = ask(azure, "PUT", "tasks/mine", task).json["id"]
    ask(azure, "POST", "scheduleRun", ENCODED)
    for _ in range(10):
        ask(azure, "POST", "scheduleRun", {"type": "TaskRunRequest", "taskId": identifier})
    ended(azure, "cf11")

    def names(query: str) -> list[str]:
        return [each["name"] for each in ask(azure, "GET", f"runs{query}").json["value"]]

    assert names("?$top=2") == ["cf11", "cf10"]
    assert len(names("?$filter=TaskName%20eq%20'mine'")) == 10
    assert names("?$filter=RunId%20eq%20'cf1'") == ["cf1"]
    assert ask(azure, "GET", "runs?$filter=nonsense").status == 400


def test_what_was_under_way_has_ended_after_a_restart(tmp_path: Path) -> None:
    with emulated(tmp_path, clock=ManualClock(START)) as azure:
        make_registry(azure)
        ask(azure, "POST", "scheduleRun", ENCODED)
        directory = tmp_path / "copied"
        # As it is when the machine goes down: nobody ends anything.
        azure.act(
            lambda: asyncio.to_thread(shutil.copytree, tmp_path, directory, ignore=_not_itself)
        )
    with emulated(directory) as azure:
        assert ask(azure, "GET", "runs/cf1").json["properties"]["status"] == "Canceled"
        log = azure.ask("GET", ask(azure, "POST", "runs/cf1/listLogSasUrl").json["logLink"])
        assert log.headers["x-ms-meta-complete"] == "canceled"
        assert ask(azure, "POST", "scheduleRun", ENCODED).json["name"] == "cf2"


def _not_itself(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "copied"]


def test_a_run_can_be_kept(azure: Emulated) -> None:
    make_registry(azure)
    ask(azure, "POST", "scheduleRun", ENCODED)
    ended(azure, "cf1")
    changed = ask(azure, "PATCH", "runs/cf1", {"isArchiveEnabled": True})
    assert changed.status == 200
    assert changed.json["properties"]["isArchiveEnabled"] is True


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "Nonsense"},
        {"type": "DockerBuildRequest"},
        {"type": "DockerBuildRequest", "dockerFilePath": 1, "platform": PLATFORM},
        {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile", "platform": "linux"},
        {**ENCODED, "values": ["a"]},
        {**ENCODED, "timeout": "soon"},
        {**ENCODED, "agentConfiguration": 2},
        {"type": "TaskRunRequest", "taskId": "none"},
    ],
)
def test_what_is_no_request_for_a_run_is_refused(azure: Emulated, body: object) -> None:
    make_registry(azure)
    answer = ask(azure, "POST", "scheduleRun", body)
    assert answer.status in (400, 404)
    assert answer.code
    assert ask(azure, "GET", "runs").json == {"value": []}


@pytest.mark.parametrize("content", ["%%%", "c3RlcHM6IFsK", "c3RlcHM6IHsK", "aGVsbG8=", *ODD])
def test_a_task_file_that_is_none_fails_the_run(azure: Emulated, content: str) -> None:
    make_registry(azure)
    ask(azure, "POST", "scheduleRun", {**ENCODED, "encodedTaskContent": content})
    assert ended(azure, "cf1")["properties"]["status"] == "Failed"


def test_an_upload_that_never_came_fails_the_run(azure: Emulated) -> None:
    make_registry(azure)
    body = {
        "type": "DockerBuildRequest",
        "dockerFilePath": "Dockerfile",
        "platform": PLATFORM,
        "sourceLocation": "source/202410290000/none.tar.gz",
    }
    ask(azure, "POST", "scheduleRun", body)
    ended(azure, "cf1")
    log = azure.ask("GET", ask(azure, "POST", "runs/cf1/listLogSasUrl").json["logLink"])
    assert b"was not uploaded" in log.body


def test_runs_of_a_task_need_the_task_to_be_enabled(azure: Emulated) -> None:
    make_registry(azure)
    step = {"type": "EncodedTask", "encodedTaskContent": TASK_FILE}
    task = {"location": "westus", "properties": {"platform": PLATFORM, "step": step}}
    made = ask(azure, "PUT", "tasks/mine", task)
    ask(azure, "PATCH", "tasks/mine", {"properties": {"status": "Disabled"}})
    body = {"type": "TaskRunRequest", "taskId": made.json["id"]}
    assert ask(azure, "POST", "scheduleRun", body).status == 409


def test_credentials_of_a_task_are_in_its_details_only(azure: Emulated) -> None:
    make_registry(azure)
    step = {"type": "EncodedTask", "encodedTaskContent": TASK_FILE}
    login = {"userName": {"value": "me", "type": "Opaque"}}
    credentials = {"customRegistries": {"other.example": login}}
    properties = {"platform": PLATFORM, "step": step, "credentials": credentials}
    ask(azure, "PUT", "tasks/mine", {"location": "westus", "properties": properties})
    shown = ask(azure, "GET", "tasks/mine").json["properties"]["credentials"]
    assert shown == {"customRegistries": {"other.example": None}}
    details = ask(azure, "POST", "tasks/mine/listDetails").json["properties"]["credentials"]
    assert details == credentials
    assert ask(azure, "DELETE", "tasks/mine").status == 200
    assert ask(azure, "GET", "tasks/mine").status == 404


def upload_url(azure: Emulated) -> str:
    return str(ask(azure, "POST", "listBuildSourceUploadUrl").json["uploadUrl"])


def test_an_upload_goes_to_a_signed_address_in_one_part_or_in_blocks(azure: Emulated) -> None:
    make_registry(azure)
    content = tar({"Dockerfile": b"FROM scratch\n"})
    url = upload_url(azure)
    whole = azure.ask("PUT", url, content, headers={"x-ms-blob-type": "BlockBlob"})
    assert whole.status == 201
    assert whole.headers["etag"]
    url = upload_url(azure)
    names = [base64.b64encode(name).decode() for name in (b"one", b"two")]
    for name, part in zip(names, (content[:100], content[100:]), strict=True):
        sent = azure.ask("PUT", f"{url}&comp=block&blockid={name}", part)
        assert sent.status == 201
    blocks = "".join(f"<Latest>{name}</Latest>" for name in names)
    listed = f"<BlockList>{blocks}</BlockList>".encode()
    assert azure.ask("PUT", f"{url}&comp=blocklist", listed).status == 201
    missing = b"<BlockList><Latest>bm9uZQ==</Latest></BlockList>"
    assert azure.ask("PUT", f"{url}&comp=blocklist", missing).status == 400


def test_a_signed_address_is_good_for_an_hour_and_for_what_it_says(still: Emulated) -> None:
    make_registry(still)
    url = upload_url(still)
    block = {"x-ms-blob-type": "BlockBlob"}
    reading = still.ask("GET", url)
    assert reading.status == 403
    assert reading.headers["x-ms-error-code"] == "AuthorizationPermissionMismatch"
    changed = url.replace("sp=cw", "sp=rcw")
    assert still.ask("PUT", changed, b"", headers=block).status == 403
    other = url.replace("/source/", "/sauce/")
    assert still.ask("PUT", other, b"", headers=block).status == 403
    still.advance(3599)
    assert still.ask("PUT", url, b"", headers=block).status == 201
    still.advance(1)
    late = still.ask("PUT", url, b"", headers=block)
    assert late.headers["x-ms-error-code"] == "AuthenticationFailed"


def test_parts_of_a_log_can_be_read(azure: Emulated) -> None:
    make_registry(azure)
    ask(azure, "POST", "scheduleRun", ENCODED)
    ended(azure, "cf1")
    url = ask(azure, "POST", "runs/cf1/listLogSasUrl").json["logLink"]
    whole = azure.ask("GET", url).body
    part = azure.ask("GET", url, headers={"x-ms-range": "bytes=5-9"})
    assert (part.status, part.body) == (206, whole[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{len(whole)}"
    assert azure.ask("GET", url, headers={"Range": f"bytes={len(whole)}-"}).status == 416
