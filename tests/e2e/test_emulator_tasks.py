"""Builds of the emulated registry: an engine really builds, and the image is in the registry."""

from __future__ import annotations

import base64
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.emulated import Answer, Emulated, emulated
from tests.emulated_registries import (
    admin_login,
    get_manifest,
    make_registry,
    registry_path,
    tar,
)
from tests.parts.base_image import BaseImage, push

VERSION = "2025-03-01-preview"
PLATFORM = {"os": "linux", "architecture": "amd64"}


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A registry of the emulator for skopeo, which is not asked to trust it."""

    host: str
    ca: Path
    tls: bool = False


@pytest.fixture
def builder(engine_part: str, tmp_path: Path) -> Iterator[Emulated]:
    """An emulator that builds with an engine, with a registry `models`."""
    with emulated(tmp_path / "emulator", engine=engine_part) as azure:
        make_registry(azure, adminUserEnabled=True)
        yield azure


def ask(azure: Emulated, method: str, path: str, body: object = None) -> Answer:
    return azure.arm(method, f"{registry_path('models')}/{path}", body, version=VERSION)


def upload(azure: Emulated, files: dict[str, bytes]) -> str:
    """Uploads a context as `az acr build` does; returns what a request calls it."""
    place = ask(azure, "POST", "listBuildSourceUploadUrl").json
    headers = {"x-ms-blob-type": "BlockBlob"}
    assert azure.ask("PUT", place["uploadUrl"], tar(files), headers=headers).status == 201
    return str(place["relativePath"])


def schedule(azure: Emulated, **request: Any) -> str:
    begun = ask(azure, "POST", "scheduleRun", {"platform": PLATFORM, **request})
    assert begun.status == 200, begun.body
    return str(begun.json["name"])


def properties(azure: Emulated, run: str) -> dict[str, Any]:
    found: dict[str, Any] = ask(azure, "GET", f"runs/{run}").json["properties"]
    return found


def ended(azure: Emulated, run: str, *, seconds: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        shown = properties(azure, run)
        if shown["status"] not in ("Queued", "Running"):
            return shown
        time.sleep(0.1)
    raise AssertionError("the run did not end")


def log_of(azure: Emulated, run: str) -> str:
    link = ask(azure, "POST", f"runs/{run}/listLogSasUrl").json["logLink"]
    return azure.ask("GET", link).body.decode()


def task_file(text: str) -> dict[str, Any]:
    content = base64.b64encode(text.encode()).decode()
    return {"type": "EncodedTaskRunRequest", "encodedTaskContent": content}


def server_of(azure: Emulated) -> str:
    shown = azure.arm("GET", registry_path("models"), version="2023-07-01").json
    return str(shown["properties"]["loginServer"])


def test_a_dockerfile_is_built_and_its_image_is_in_the_registry(builder: Emulated) -> None:
    source = upload(builder, {"Dockerfile": b"FROM scratch\nCOPY hello /\n", "hello": b"hi"})
    run = schedule(
        builder,
        type="DockerBuildRequest",
        dockerFilePath="Dockerfile",
        imageNames=["app:{{.Run.ID}}", "app:latest"],
        isPushEnabled=True,
        sourceLocation=source,
    )
    shown = ended(builder, run)
    assert shown["status"] == "Succeeded", log_of(builder, run)
    assert [each["tag"] for each in shown["outputImages"]] == [run, "latest"]
    server = server_of(builder)
    for image in shown["outputImages"]:
        found = get_docker_manifest(builder, server, "app", image["tag"])
        assert found.headers["docker-content-digest"] == image["digest"]
    assert "COPY hello /" in log_of(builder, run)
    assert log_of(builder, run).rstrip().splitlines()[-1].startswith(f"Run ID: {run} was succ")


def get_docker_manifest(azure: Emulated, server: str, name: str, tag: str) -> Answer:
    answer = get_manifest(azure, server, admin_login(azure), name, tag)
    assert answer.status == 200, answer.body
    return answer


def test_a_dockerfile_may_begin_with_an_image_of_the_registry(
    builder: Emulated, base_image_part: BaseImage, tmp_path: Path
) -> None:
    server = server_of(builder)
    # Skopeo wants a folder of authorities alone.
    ca = tmp_path / "trusted" / "ca.crt"
    ca.parent.mkdir()
    shutil.copy(builder.ca, ca)
    destination = Destination(host=server, ca=ca)
    push(base_image_part, destination, tag="1", credentials=":".join(admin_login(builder)))
    lines = f"FROM {server}/base:1\nARG WORD\nRUN echo it says $WORD > /said\n"
    source = upload(builder, {"Dockerfile": lines.encode()})
    run = schedule(
        builder,
        type="DockerBuildRequest",
        dockerFilePath="Dockerfile",
        imageNames=["derived:1"],
        arguments=[{"name": "WORD", "value": "so", "isSecret": False}],
        sourceLocation=source,
    )
    assert ended(builder, run)["status"] == "Succeeded", log_of(builder, run)
    steps = task_file(
        "steps:\n"
        "  - cmd: $Registry/derived:1 cat /said\n"
        "  - cmd: $Registry/derived:1 sh -c 'echo made > file'\n"
        "  - cmd: $Registry/derived:1 cat file\n"
        "  - cmd: $Registry/derived:1 sh -c 'exit 3'\n"
        "    ignoreErrors: true\n"
        "  - cmd: $Registry/derived:1 sh -c 'echo {{.Values.word}} $NAME; exit 4'\n"
        "    env: [NAME=given]\n"
    )
    run = schedule(builder, **steps, values=[{"name": "word", "value": "valued"}])
    assert ended(builder, run)["status"] == "Failed"
    log = log_of(builder, run)
    for line in ("it says so", "made", "valued given", "exit status 4"):
        assert line in log
    # What sleeps is ended when the run is.
    run = schedule(builder, **task_file("steps:\n  - cmd: $Registry/derived:1 sleep 600\n"))
    wait_for(lambda: "Launching container" in log_of(builder, run))
    began = time.monotonic()
    assert ask(builder, "POST", f"runs/{run}/cancel").status == 200
    assert ended(builder, run)["status"] == "Canceled"
    assert time.monotonic() - began < 30
    assert "was canceled" in log_of(builder, run)


def test_a_task_file_builds_and_pushes(builder: Emulated) -> None:
    text = (
        "version: v1.1.0\n"
        "steps:\n"
        "  - build: -t $Registry/filed:$ID -f sub/Dockerfile sub/..\n"
        "  - push: [$Registry/filed:$ID]\n"
    )
    files = {
        "acb.yaml": text.encode(),
        "sub/Dockerfile": b"FROM scratch\nCOPY acb.yaml /\n",
    }
    source = upload(builder, files)
    run = schedule(
        builder, type="FileTaskRunRequest", taskFilePath="acb.yaml", sourceLocation=source
    )
    shown = ended(builder, run)
    assert shown["status"] == "Succeeded", log_of(builder, run)
    assert shown["outputImages"][0]["repository"] == "filed"


def test_a_build_that_fails_says_why(builder: Emulated) -> None:
    source = upload(builder, {"Dockerfile": b"FROM scratch\nCOPY missing /\n"})
    run = schedule(
        builder,
        type="DockerBuildRequest",
        dockerFilePath="Dockerfile",
        imageNames=["app:1"],
        sourceLocation=source,
    )
    shown = ended(builder, run)
    assert shown["status"] == "Failed"
    assert "outputImages" not in shown
    assert "missing" in log_of(builder, run)


def wait_for(happened: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
