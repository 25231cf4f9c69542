"""A model behind a URL whose interpreter and packages come from a conda channel."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import Workspace
from tests.environments import environment
from tests.parts.base_image import BaseImage, push
from tests.parts.conda_channel import CondaChannel
from tests.parts.registry import RunningRegistry

# That of the channel, so that the model is read by what wrote it.
SCIKIT_LEARN = "scikit-learn==1.3.2"
TRAIN = """
import pickle, sys
from sklearn.linear_model import LinearRegression
pickle.dump(LinearRegression().fit([[0], [1]], [0, 2]), open(sys.argv[1], "wb"))
"""
SCRIPT = """
import json, os, pickle, subprocess, sys
import greeter, idna, joblib, sklearn

def init():
    global model
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl"), "rb") as file:
        model = pickle.load(file)

def run(data):
    return {
        "prediction": model.predict(json.loads(data)).round(3).tolist(),
        "scikit-learn": sklearn.__version__,
        "idna": idna.__version__,
        "joblib": joblib.__version__,
        "greeting": subprocess.run(["greet"], capture_output=True, text=True).stdout,
        "prefix": sys.prefix,
    }
"""
CONDA_FILE = """\
dependencies:
  - python=3.11
  - scikit-learn
  - greeter
  - pip:
      - azureml-defaults
      - idna==3.10
"""


@pytest.fixture
def project(workspace: Workspace, conda_channel_part: CondaChannel) -> Iterator[Workspace]:
    """A project with a model, whose channel is the one of this machine."""
    found = replace(
        workspace, variables={**workspace.variables, "CONDA_CHANNELS": conda_channel_part.url}
    )
    python = environment([SCIKIT_LEARN, "numpy<2"])
    model = found.directory / "model.pkl"
    subprocess.run([python, "-c", TRAIN, str(model)], check=True)
    found.write("score.py", SCRIPT)
    found.write("env.yml", CONDA_FILE)
    found.write("inference.json", {"entryScript": "score.py", "condaFile": "env.yml"})
    found.write("deployment.json", {"computeType": "local"})
    found.run("model", "register", "-n", "line", "-p", "model.pkl")
    yield found
    for service in found.run("service", "list").result:
        found.run("service", "delete", "-n", service["name"])


def in_containers(
    project: Workspace, engine: str, registry: RunningRegistry, base: BaseImage
) -> Workspace:
    """The project, on a base image that has glibc and no interpreter."""
    push(base, registry, "base/glibc", tag="1")
    config = {
        "entryScript": "score.py",
        "condaFile": "env.yml",
        "baseImage": f"{registry.host}/base/glibc:1",
    }
    project.write("inference.json", config)
    project.write("deployment.json", {"computeType": "local", "runtime": "container"})
    variables = {"DOCKER_HOST": engine, "REQUESTS_CA_BUNDLE": str(registry.ca)}
    return replace(project, variables={**project.variables, **variables})


def test_a_container_serves_a_model_on_an_image_without_an_interpreter(
    project: Workspace,
    engine_part: str,
    registry_part: RunningRegistry,
    glibc_image_part: BaseImage,
) -> None:
    inside = in_containers(project, engine_part, registry_part, glibc_image_part)
    inside.deploy("-m", "line:1")
    assert inside.score([[2], [3]]) == {
        "prediction": [4.0, 6.0],
        "scikit-learn": "1.3.2",
        "idna": "3.10",
        "joblib": "1.4.2",
        "greeting": "hello\n",
        "prefix": "/opt/acideploy/environment",
    }
    inside.run("service", "delete", "-n", "echo-svc")


def test_a_process_has_the_conda_packages_of_the_same_lock(project: Workspace) -> None:
    locked = project.run("environment", "lock", "-ic", "inference.json").result
    assert locked["condaPackages"]["scikit-learn"].startswith("1.3.2=")
    assert locked["pipPackages"]["idna"] == "3.10"
    project.deploy("-m", "line:1", "--lock", "pylock.toml")
    answer = project.score([[2]])
    assert (answer["prediction"], answer["scikit-learn"]) == ([4.0], "1.3.2")
    assert answer["greeting"] == "hello\n"
    assert Path(answer["prefix"]).parent.name == "environments"


def test_a_lock_keeps_a_deploy_as_it_was_when_a_channel_has_newer_packages(
    project: Workspace,
) -> None:
    project.write("env.yml", CONDA_FILE.replace("- greeter", "- greeter\n  - joblib=1.3.2"))
    project.run("environment", "lock", "-ic", "inference.json")
    project.write("env.yml", CONDA_FILE)
    changes = project.run("environment", "lock", "-ic", "inference.json", "--check", expect=5)
    assert "- joblib (conda) 1.3.2 pyh0_0\n+ joblib (conda) 1.4.2 pyh0_0\n" in changes.stderr
    project.deploy("-m", "line:1", "--lock", "pylock.toml")
    assert project.score([[2]])["joblib"] == "1.3.2"


def test_what_no_channel_has_is_told_with_its_line_before_anything_is_made(
    project: Workspace,
) -> None:
    project.write("env.yml", CONDA_FILE.replace("scikit-learn", "scikit-learn=0.22.1"))
    failed = project.deploy("-m", "line:1", expect=7)
    assert "env.yml:3:5: scikit-learn=0.22.1" in failed.stderr
    assert "the conda packages cannot be installed together" in failed.stderr
    assert project.run("service", "list").result == []
