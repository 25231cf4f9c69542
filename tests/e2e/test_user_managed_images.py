"""Images that bring their own interpreter and packages: `userManagedDependencies`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acideploy.image import Layer
from acideploy.image.archive import docker_archive
from acideploy.image.layer import Entry, file_entry, text_entry
from tests.e2e.conftest import Workspace
from tests.environments import environment
from tests.parts import program
from tests.parts.base_image import BaseImage, push
from tests.parts.registry import RunningRegistry
from tests.service_images import base_layers, files_layer, image

PYTHON = "3.11"
OWN = "/opt/own"
PACKAGES = ("azureml-inference-server-http", "scikit-learn==1.3.2", "numpy<2")
SCRIPT = """
import json, sys
import sklearn
from sklearn.linear_model import LinearRegression

def init():
    global model
    model = LinearRegression().fit([[0], [1]], [0, 2])

def run(data):
    prediction = model.predict(json.loads(data)).round(3).tolist()
    return {"prediction": prediction, "prefix": sys.prefix, "sklearn": sklearn.__version__}
"""


@pytest.fixture
def project(
    workspace: Workspace,
    docker_part: str,
    registry_part: RunningRegistry,
    base_image_part: BaseImage,
) -> Iterator[Workspace]:
    push(base_image_part, registry_part, "base/python", tag=PYTHON)
    variables = {"DOCKER_HOST": docker_part, "REQUESTS_CA_BUNDLE": str(registry_part.ca)}
    project = replace(workspace, variables={**workspace.variables, **variables})
    project.write("score.py", SCRIPT)
    project.write("deployment.json", {"computeType": "local", "runtime": "container"})
    yield project
    for service in project.run("service", "list").result:
        project.run("service", "delete", "-n", service["name"])


def user_managed(name: str, interpreter: str) -> Mapping[str, Any]:
    python = {"userManagedDependencies": True, "interpreterPath": interpreter}
    docker = {"baseImage": name}
    return {"entryScript": "score.py", "environment": {"docker": docker, "python": python}}


def test_an_image_with_its_own_interpreter_and_packages_is_packaged_and_scores(
    project: Workspace,
    registry_part: RunningRegistry,
    base_image_part: BaseImage,
    tmp_path: Path,
) -> None:
    own = files_layer([*virtual_environment()], "packages of its own")
    name = f"{registry_part.host}/team/scoring:7"
    upload([*base_layers(base_image_part), own], name, registry_part, tmp_path / "image.tar")
    project.write("inference.json", user_managed(name, f"{OWN}/bin/python"))

    project.run("model", "package", "-ic", "inference.json", "--in", "packed")
    project.deploy()
    answer = project.score([[2], [3]])
    assert answer == {"prediction": [4.0, 6.0], "prefix": OWN, "sklearn": "1.3.2"}


@pytest.mark.parametrize(
    ("interpreter", "lacking"),
    [
        (f"python{PYTHON}", "no azureml-inference-server-http, neither granian nor gunicorn"),
        (f"{OWN}/bin/python", f"no interpreter '{OWN}/bin/python', no azureml-inference-server"),
    ],
)
def test_an_image_that_lacks_something_is_refused_with_what_and_how_to_mend_it(
    project: Workspace, registry_part: RunningRegistry, interpreter: str, lacking: str
) -> None:
    name = f"{registry_part.host}/base/python:{PYTHON}"
    project.write("inference.json", user_managed(name, interpreter))
    for refused in (
        project.run("model", "package", "-ic", "inference.json", "--in", "packed", expect=7),
        project.deploy(expect=7),
    ):
        assert f"the image {name} cannot serve a script: it has {lacking}" in refused.stderr
        assert "install azureml-defaults in that image" in refused.stderr
    assert project.run("service", "list").result == []


def virtual_environment() -> Iterator[Entry]:
    """What `python3 -m venv` and pip make, on the interpreter of the base image."""
    python = environment(PACKAGES, python=PYTHON)
    yield Entry(path=f"{OWN[1:]}/bin/python", kind="link", target=f"/usr/bin/python{PYTHON}")
    yield text_entry(f"{OWN[1:]}/pyvenv.cfg", "home = /usr/bin\n")
    for path in sorted((python.parents[1] / "lib").rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield file_entry(f"{OWN[1:]}/{path.relative_to(python.parents[1])}", path)


def upload(layers: Sequence[Layer], name: str, registry: RunningRegistry, archive: Path) -> None:
    """Pushes an image as other tools would."""
    with archive.open("wb") as file:
        file.writelines(docker_archive(image(layers), tag="own:1"))
    tls = ["--dest-cert-dir", str(registry.ca.parent)]
    copy = [program("skopeo"), "copy", "--quiet", *tls, f"docker-archive:{archive}"]
    subprocess.run([*copy, f"docker://{name}"], check=True)
