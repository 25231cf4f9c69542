"""Base images that a Dockerfile makes, run by a container engine, and layers on top of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.conftest import Workspace
from tests.parts import program
from tests.parts.base_image import BaseImage, push
from tests.parts.registry import RunningRegistry

PYTHON = "3.11"
SCRIPT = """
from pathlib import Path

def init():
    pass

def run(data):
    return Path("/etc/greeting").read_text()
"""


@pytest.fixture
def project(
    workspace: Workspace,
    engine_part: str,
    registry_part: RunningRegistry,
    base_image_part: BaseImage,
) -> Iterator[Workspace]:
    """A project whose script wants what a Dockerfile has to make first."""
    push(base_image_part, registry_part, "base/python", tag=PYTHON)
    variables = {
        **workspace.variables,
        "DOCKER_HOST": engine_part,
        "REQUESTS_CA_BUNDLE": str(registry_part.ca),
        "ACIDEPLOY_NO_CONDA": "1",
    }
    project = replace(workspace, variables=variables)
    project.write("score.py", SCRIPT)
    project.write("deployment.json", {"computeType": "local", "runtime": "container"})
    project.write("inference.json", by_dockerfile(registry_part, "RUN echo hello > /etc/greeting"))
    yield project
    for service in project.run("service", "list").result:
        project.run("service", "delete", "-n", service["name"])


def by_dockerfile(registry: RunningRegistry, step: str) -> Mapping[str, Any]:
    dependencies = [f"python={PYTHON}", {"pip": ["azureml-defaults"]}]
    dockerfile = f"FROM {registry.host}/base/python:{PYTHON}\n{step}\n"
    return {
        "entryScript": "score.py",
        "environment": {
            "docker": {"baseDockerfile": dockerfile},
            "python": {"condaDependencies": {"dependencies": dependencies}},
        },
    }


def images(project: Workspace) -> str:
    command = [program("docker"), "-H", project.variables["DOCKER_HOST"], "image", "ls", "--all"]
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout


def test_a_base_dockerfile_is_built_once_and_layers_are_put_on_top(project: Workspace) -> None:
    first = project.deploy()
    assert "by the container engine of this machine" in first.stderr
    assert "Base image by" in first.stderr
    assert project.score() == "hello\n"
    assert "localhost/dockerfile" not in images(project)

    project.write("score.py", SCRIPT.replace("read_text()", 'read_text().strip() + "!"'))
    again = project.deploy("--overwrite")
    assert "Base image by" not in again.stderr
    assert project.score() == "hello!"


def test_extra_dockerfile_steps_are_run_on_the_base_image(
    project: Workspace, registry_part: RunningRegistry
) -> None:
    project.write("steps", "# What the script reads\nRUN echo good day > /etc/greeting\n")
    project.write("inference.json", {
        "entryScript": "score.py",
        "runtime": "python",
        "condaFile": "conda.yml",
        "baseImage": f"{registry_part.host}/base/python:{PYTHON}",
        "extraDockerfileSteps": "steps",
    })  # fmt: skip
    project.deploy()
    assert project.score() == "good day\n"


def test_a_step_that_fails_is_told_with_what_it_printed(
    project: Workspace, registry_part: RunningRegistry
) -> None:
    step = "RUN echo this is why && false"
    project.write("inference.json", by_dockerfile(registry_part, step))
    failed = project.deploy(expect=15)
    assert "cannot build the image" in failed.stderr
    assert "this is why" in failed.stderr
    assert "mend that step of the Dockerfile" in failed.stderr
    assert project.run("service", "list").result == []


def test_without_an_engine_both_ways_are_named_before_anything_is_made(project: Workspace) -> None:
    nowhere = replace(project, variables={**project.variables, "DOCKER_HOST": "unix:///no.sock"})
    files = ("-ic", "inference.json")
    for refused in (
        nowhere.run("check", *files, "-dc", "deployment.json", expect=3),
        nowhere.run("model", "package", *files, "--archive", "image.tar", expect=15),
    ):
        told = refused.stdout + refused.stderr
        assert "the base image's Dockerfile has to be run, and no container engine answers" in told
        assert "start a container engine here" in told
        assert "az acr build" in told
        assert "Environment" not in refused.stderr
