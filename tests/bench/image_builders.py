"""What others make the same image with: a Dockerfile of the same files, built and pushed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.measure import seconds
from tests.parts import program
from tests.parts.engine import docker_engine
from tests.parts.registry import RunningRegistry

# What lies above the base image, from the bottom up: several layers of packages, one of each other.
LAYERS = ("packages", "serving", "model", "code")
SCRIPT = Path("code/var/azureml-app/score.py")


@dataclass(frozen=True, kw_only=True)
class Builder:
    """A program that builds an image of a Dockerfile, and pushes it to `repository`."""

    name: str
    repository: str
    pull: tuple[str, ...]
    build: tuple[str, ...]
    push: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, **self.variables}

    def prepare(self, base: str) -> None:
        """Has the base image here, as whoever builds a second image has."""
        seconds([*self.pull, base], env=self.env)

    def seconds(self, context: Path, image: str) -> float:
        """How long building and pushing the folder takes, as `image`."""
        built = seconds([*self.build, "-t", image, str(context)], env=self.env)
        return built + seconds([*self.push, image], env=self.env)


@contextlib.contextmanager
def docker_builders() -> Iterator[tuple[Builder, Builder]]:
    """Docker with BuildKit, its default since version 23, and with what it built with before.

    Each in an engine of its own, where the first push finds no layers. Raises MissingPartError
    without one.
    """
    # Debian's command has BuildKit in itself; later ones need a plugin for that.
    debian = Path("/usr/bin/docker")
    docker = str(debian if debian.exists() else program("docker", package="docker.io"))
    with docker_engine() as one, docker_engine() as other:
        yield (
            _docker(docker, one, buildkit=True),
            _docker(docker, other, buildkit=False),
        )


@contextlib.contextmanager
def buildah_builder(directory: Path) -> Iterator[Builder]:
    """Buildah with a storage of its own in `directory`. Raises MissingPartError without it."""
    storage = ("--storage-driver", "overlay", "--root", str(directory / "data"))
    buildah = (str(program("buildah")), *storage, "--runroot", str(directory / "run"))
    insecure = ("--quiet", "--tls-verify=false")
    try:
        yield Builder(
            name="buildah bud --layers + push",
            repository="buildah",
            pull=(*buildah, "pull", *insecure),
            build=(*buildah, "bud", *insecure, "--isolation", "chroot", "--layers"),
            push=(*buildah, "push", *insecure),
        )
    finally:
        # It mounts its storage onto itself.
        subprocess.run(
            ["umount", "--lazy", directory / "data" / "overlay"], capture_output=True, check=False
        )
        shutil.rmtree(directory, ignore_errors=True)


def write_context(folder: Path, registry: RunningRegistry, *, image: str, base: str) -> None:
    """A Dockerfile on `base`, with the files of the layers that the pushed `image` has above."""
    repository, _, tag = image.rpartition(":")
    manifest = registry.manifest(repository, tag)
    below = registry.manifest(*base.partition("/")[2].rsplit(":", 1))["layers"]
    above = manifest["layers"][len(below) :]
    names = ["packages"] * (len(above) - len(LAYERS) + 1) + [*LAYERS[1:]]
    for name, layer in zip(names, above, strict=True):
        with tarfile.open(registry.blob_path(layer["digest"])) as tar:
            tar.extractall(folder / name, filter="tar")
    config = json.loads(registry.blob_path(manifest["config"]["digest"]).read_bytes())["config"]
    lines = [
        f"FROM {base}",
        *(f"COPY {name} /" for name in LAYERS),
        f"ENTRYPOINT {json.dumps(config['Entrypoint'])}",
    ]
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")


def install_in_build(folder: Path) -> None:
    """Makes a written context install the same packages, from wheels that are there already."""
    information = (folder / "packages").rglob("*.dist-info")
    pins = ["==".join(each.stem.rsplit("-", 1)) for each in information]
    wheels = folder / "wheels"
    pip = (sys.executable, "-m", "pip", "-qq", "download", "--no-deps")
    subprocess.run([*pip, "--only-binary", ":all:", "-d", wheels, "pip", *pins], check=True)
    pip_wheel = next(wheels.glob("pip-*.whl")).name
    (folder / "requirements.txt").write_text("\n".join(pins) + "\n")
    install = (
        "COPY requirements.txt /\n"
        "RUN --mount=type=bind,source=wheels,target=/wheels"
        f" python3 /wheels/{pip_wheel}/pip install --quiet --no-index --no-deps"
        " --find-links /wheels --target /packages -r /requirements.txt"
    )
    dockerfile = folder / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("COPY packages /", install))


def _docker(docker: str, host: str, *, buildkit: bool) -> Builder:
    kind = "BuildKit" if buildkit else "classic"
    return Builder(
        name=f"docker build ({kind}) + push",
        repository=kind.lower(),
        pull=(docker, "pull", "--quiet"),
        build=(docker, "build", "--quiet"),
        push=(docker, "push", "--quiet"),
        variables={"DOCKER_HOST": host, "DOCKER_BUILDKIT": str(int(buildkit))},
    )
