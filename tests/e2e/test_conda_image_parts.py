"""What rattler linked for a place in an image runs there, on glibc and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from acideploy.image import Layer
from acideploy.image.archive import docker_archive
from acideploy.image.layer import Entry, file_entry
from tests.parts import program
from tests.parts.base_image import BaseImage
from tests.parts.conda_channel import CondaChannel
from tests.parts.conda_prefixed import AFTER, GREETER, PREFIXED
from tests.parts.linked_prefix import link_packages, solve_packages
from tests.service_images import base_layers, files_layer, image

FINAL = "/opt/acideploy/environment"
TAG = "localhost/conda-parts:1"
FIT = """
import bz2, ctypes, lzma, readline, sqlite3, ssl, sys
from sklearn.linear_model import LinearRegression
print(sys.prefix, *LinearRegression().fit([[0], [1]], [0, 2]).predict([[2]]).round(3))
"""


@pytest.fixture(scope="module")
def layer(conda_channel_part: CondaChannel, tmp_path_factory: pytest.TempPathFactory) -> Layer:
    """A prefix as a layer."""
    staged, cache = tmp_path_factory.mktemp("staged"), tmp_path_factory.mktemp("cache")
    specs = ("python 3.11.*", "scikit-learn", GREETER, PREFIXED)
    records = solve_packages([conda_channel_part.url], *specs, cache=cache)
    link_packages(records, staged, cache=cache, said_prefix=FINAL)
    return files_layer([*entries(staged)], "conda")


@pytest.fixture(scope="module")
def docker(docker_part: str, glibc_image_part: BaseImage, layer: Layer) -> list[str]:
    """The command that runs something in an image with the layer."""
    command = [str(program("docker", package="docker.io")), "--host", docker_part]
    built = image([*base_layers(glibc_image_part), layer])
    with subprocess.Popen([*command, "load", "--quiet"], stdin=subprocess.PIPE) as loading:
        assert loading.stdin
        for chunk in docker_archive(built, tag=TAG):
            loading.stdin.write(chunk)
        loading.stdin.close()
    assert loading.returncode == 0
    return [*command, "run", "--rm", "--network", "none", "--read-only", TAG]


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (("python", "-c", FIT), f"{FINAL} 4.0\n"),
        (("greet",), "hello\n"),
        ((PREFIXED,), f"{FINAL}/share/prefixed{AFTER.decode()}"),
    ],
    ids=["python", "script", "binary"],
)
def test_a_program_of_the_prefix_runs_in_a_container(
    docker: list[str], arguments: tuple[str, ...], printed: str
) -> None:
    name, *rest = arguments
    command = [*docker, f"{FINAL}/bin/{name}", *rest]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, printed), done.stderr


def entries(staged: Path) -> Iterator[Entry]:
    """The files and links of a staged prefix, as they lie in the image."""
    for file in sorted(staged.rglob("*")):
        path = f"{FINAL}/{file.relative_to(staged)}".lstrip("/")
        if file.is_symlink():
            yield Entry(path=path, kind="link", target=str(file.readlink()))
        elif file.is_file():
            yield file_entry(path, file)
