"""Services in containers, of images that the installed command made, under both engines."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Workspace
from tests.parts import program
from tests.parts.base_image import BaseImage, push
from tests.parts.registry import RunningRegistry

# The base image's own.
PYTHON = "3.11"


def environment(base: str) -> dict[str, Any]:
    dependencies = [f"python={PYTHON}", {"pip": ["azureml-defaults"]}]
    return {
        "entryScript": "score.py",
        "environment": {
            "docker": {"baseImage": base},
            "python": {"condaDependencies": {"dependencies": dependencies}},
        },
    }


@pytest.fixture
def project(
    workspace: Workspace,
    engine_part: str,
    registry_part: RunningRegistry,
    base_image_part: BaseImage,
) -> Iterator[Workspace]:
    """A workspace on this machine whose services run in containers of the engine."""
    push(base_image_part, registry_part, "base/python", tag=PYTHON)
    workspace.write("inference.json", environment(f"{registry_part.host}/base/python:{PYTHON}"))
    workspace.write("deployment.json", {"computeType": "local", "runtime": "container"})
    variables = {
        **workspace.variables,
        "DOCKER_HOST": engine_part,
        "REQUESTS_CA_BUNDLE": str(registry_part.ca),
        # The base image's Python will do: test_conda_environments.py has conda's.
        "ACIDEPLOY_NO_CONDA": "1",
    }
    project = replace(workspace, variables=variables)
    yield project
    for service in project.run("service", "list").result:
        project.run("service", "delete", "-n", service["name"])


@pytest.fixture
def attached(project: Workspace, registry_part: RunningRegistry) -> Workspace:
    """The same, with its models and images in a registry."""
    project.run("folder", "attach", "--registry", registry_part.host)
    return project


def engine_has(workspace: Workspace, kind: str) -> str:
    """What the engine lists of our services: `container` or `image`."""
    command = [program("docker"), "-H", workspace.variables["DOCKER_HOST"], kind, "ls", "--all"]
    listed = subprocess.run([*map(str, command)], check=True, capture_output=True, text=True)
    return "\n".join(line for line in listed.stdout.splitlines() if "echo-svc" in line)


def test_a_container_is_deployed_scored_replaced_and_deleted(project: Workspace) -> None:
    project.run("model", "register", "-n", "m", "-p", "score.py")
    project.deploy("-m", "m:1", "--memory-gb", "0.5", "--auth-enabled", "true")
    shown = project.show()
    assert (shown["runtime"], shown["state"], shown["pid"]) == ("container", "running", None)
    assert shown["containerResourceRequirements"]["memoryInGB"] == 0.5
    assert project.score([1, 2]) == {"greeting": "hello", "data": [1, 2]}

    again = project.deploy(
        "-m", "m:1", "--memory-gb", "0.5", "--auth-enabled", "true", "--overwrite"
    )
    assert "unchanged" in again.stderr
    script = (project.directory / "score.py").read_text()
    project.write("score.py", script.replace('"hello"', '"good day"'))
    project.deploy("-m", "m:1", "--auth-enabled", "true", "--overwrite")
    after = project.show()
    assert project.score(1)["greeting"] == "good day"
    assert after["scoringUri"] == shown["scoringUri"]
    assert after["imageDigest"] != shown["imageDigest"]

    project.run("service", "stop", "-n", "echo-svc")
    assert project.show()["state"] == "stopped"
    project.run("service", "start", "-n", "echo-svc")
    assert project.score(1)["greeting"] == "good day"
    assert "ready for serving" in project.run("service", "get-logs", "-n", "echo-svc").stdout
    project.run("service", "delete", "-n", "echo-svc")
    assert engine_has(project, "container") == engine_has(project, "image") == ""


def test_an_image_is_pulled_from_the_registry_and_nothing_of_it_stays(
    attached: Workspace, registry_part: RunningRegistry
) -> None:
    attached.run("model", "register", "-n", "pulled", "-p", "score.py")
    deployed = attached.deploy("-m", "pulled")
    assert "loaded from its layers" not in deployed.stderr
    assert attached.score(1)["greeting"] == "hello"
    assert "services/echo-svc" in registry_part.repositories()
    attached.run("service", "delete", "-n", "echo-svc")
    assert engine_has(attached, "container") == engine_has(attached, "image") == ""


def test_a_crash_in_init_is_traced_to_the_script_and_the_old_container_goes_on(
    project: Workspace,
) -> None:
    project.deploy()
    project.write("score.py", "import nonsense_module\ndef init(): pass\ndef run(data): return 1\n")
    failed = project.deploy("--overwrite", expect=8)
    assert "ModuleNotFoundError: No module named 'nonsense_module' at score.py:1" in failed.stderr
    assert "revision 1 goes on serving" in failed.stderr
    assert project.score(1)["greeting"] == "hello"


def test_what_images_were_made_of_is_kept_for_the_next_and_pruned_when_no_service_is_left(
    project: Workspace,
) -> None:
    # Others run in the environments that the tests share.
    (project.services.parent / "environments").unlink()
    project.deploy()
    assert project.run("workspace", "prune").result["stored"] == []
    project.run("service", "delete", "-n", "echo-svc")
    stored = project.run("workspace", "prune").result["stored"]
    kinds = {name.partition(":")[0].partition("/")[0] for name in (each["name"] for each in stored)}
    assert kinds == {"environments", "bases"}
    assert sum(each["bytes"] for each in stored) > 10_000_000


def test_a_service_goes_from_a_process_to_a_container_and_back(project: Workspace) -> None:
    flags = ("--python", PYTHON, "--overwrite")
    for runtime in ("process", "container", "process"):
        project.deploy("--runtime", runtime, *flags)
        assert project.show()["runtime"] == runtime
        assert project.score(1)["greeting"] == "hello"


def test_an_update_makes_another_image(project: Workspace) -> None:
    project.deploy()
    before = project.show()
    project.run("model", "register", "-n", "m", "-p", "score.py")
    project.run("service", "update", "-n", "echo-svc", "-m", "m:1")
    after = project.show()
    assert [model["id"] for model in after["modelDetails"]] == ["m:1"]
    assert after["imageDigest"] != before["imageDigest"]
    project.run("service", "update", "-n", "echo-svc", "--memory-gb", "0.4")
    limited = project.show()
    assert limited["containerResourceRequirements"]["memoryInGB"] == 0.4
    assert limited["imageDigest"] == after["imageDigest"]
    assert project.score(1)["greeting"] == "hello"


def test_docker_loads_an_archive_and_runs_it(project: Workspace, tmp_path: Path) -> None:
    project.run("model", "register", "-n", "m", "-p", "score.py")
    archive = tmp_path / "image.tar"
    files = ("-m", "m:1", "-ic", "inference.json", "--in", "packed", "--il", "v1")
    project.run("model", "package", *files, "--archive", str(archive))
    docker = [str(program("docker")), "-H", project.variables["DOCKER_HOST"]]
    subprocess.run([*docker, "load", "-i", str(archive)], check=True, capture_output=True)
    script = (
        "import os; print(sorted(os.listdir('/var/azureml-app')),"
        " os.listdir(os.environ['AZUREML_MODEL_DIR']))"
    )
    image = "localhost/packed:v1" if "podman" in project.variables["DOCKER_HOST"] else "packed:v1"
    run = ["run", "--rm", "--entrypoint", f"python{PYTHON}", image, "-c", script]
    try:
        done = subprocess.run([*docker, *run], check=True, capture_output=True, text=True)
        assert done.stdout == "['azureml-models', 'score.py'] ['score.py']\n"
    finally:
        subprocess.run([*docker, "rmi", image], check=False, capture_output=True)


def test_ctrl_c_leaves_nothing_half_done_and_the_next_run_goes_on(project: Workspace) -> None:
    command = project.start("model", "deploy", "-n", "echo-svc", "-ic", "inference.json",
                            "-dc", "deployment.json", "--progress", "json")  # fmt: skip
    assert command.stderr is not None
    for line in command.stderr:
        event = json.loads(line)
        if event["event"] == "started" and event["title"].startswith("Image for"):
            break
    command.send_signal(signal.SIGINT)
    command.communicate(timeout=60)
    assert command.returncode == 130
    assert engine_has(project, "container") == ""
    assert project.run("service", "list").result == []
    project.deploy()
    assert project.score(1)["greeting"] == "hello"


def test_two_deploys_of_one_service_do_not_mix(project: Workspace) -> None:
    first = project.start("model", "deploy", "-n", "echo-svc", "-ic", "inference.json",
                          "-dc", "deployment.json")  # fmt: skip
    deadline = time.monotonic() + 60
    while not (project.services / "echo-svc" / "service.lock").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    second = project.deploy(expect=6)
    assert "another command is changing service echo-svc" in second.stderr
    first.communicate(timeout=240)
    assert first.returncode == 0
    assert project.score(1)["greeting"] == "hello"


def test_a_deploy_without_an_engine_says_what_to_do(workspace: Workspace) -> None:
    nowhere = replace(
        workspace, variables={**workspace.variables, "DOCKER_HOST": "unix:///nowhere.sock"}
    )
    failed = nowhere.deploy("--runtime", "container", expect=15)
    assert "no container engine answers; tried unix:///nowhere.sock (DOCKER_HOST)" in failed.stderr
    assert "--runtime process" in failed.stderr
