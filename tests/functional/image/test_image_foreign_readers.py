"""What other tools make of our images: skopeo, umoci, tar."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from acideploy.errors import ConflictError
from acideploy.image import Compression
from acideploy.package import Package
from acideploy.request import ToArchive, ToContext, ToLayout
from tests.environments import unavailable
from tests.functional.image.conftest import Workshop
from tests.parts import MissingPartError, program
from tests.parts.registry import RunningRegistry

BOTH = pytest.mark.parametrize("compression", ["none", "gzip"])
APP = Path("var/azureml-app")
TITLES = ["1 pip package", "lock", "serving files", "model iris:1", "code"]


def tool(name: str) -> Path:
    try:
        return program(name)
    except MissingPartError as error:
        return unavailable(str(error))


def ask(*command: str | Path) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout


def inspect(image: str, *options: str) -> Any:
    return json.loads(ask(tool("skopeo"), "inspect", *options, image))


@pytest.fixture(autouse=True)
def here(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a package is called is to be used where the command was."""
    monkeypatch.chdir(workshop.directory)


@pytest.fixture
def layout(workshop: Workshop) -> Package:
    """An image with a model, in a layout."""
    (workshop.directory / "model").mkdir()
    (workshop.directory / "model" / "weights.bin").write_bytes(bytes(3_000_000))
    (workshop.directory / "model" / "latest").symlink_to("weights.bin")
    workshop.register(workshop.directory / "model")
    return workshop.package(ToLayout(Path("layout")))


def test_skopeo_reads_a_layout_and_finds_it_right(layout: Package, workshop: Workshop) -> None:
    described = inspect(layout.location)
    assert described["Digest"] == layout.digest
    assert (described["Os"], described["Architecture"]) == ("linux", "amd64")
    assert len(described["Layers"]) == 2 + len(TITLES)
    assert "GREETING=hello" in described["Env"]
    config = inspect(layout.location, "--config")
    told = [each.get("created_by") for each in config["history"] if not each.get("empty_layer")]
    assert len(told) == len(config["rootfs"]["diff_ids"]) == len(described["Layers"])
    assert [each.removeprefix("acideploy ") for each in told[-len(TITLES) :]] == TITLES
    # Copying checks every digest and size.
    copy = f"dir:{workshop.directory / 'copy'}"
    ask(tool("skopeo"), "copy", "--quiet", "--preserve-digests", layout.location, copy)
    assert inspect(copy)["Digest"] == layout.digest


@BOTH
def test_skopeo_reads_it_from_the_registry(workshop: Workshop, compression: Compression) -> None:
    made = workshop.package(models=[], compression=compression)
    assert made.location == f"{workshop.door.host}/service:1"
    certificates = ("--cert-dir", str(workshop.stored.ca.parent))
    described = inspect(f"docker://{made.location}", *certificates)
    assert described["Digest"] == made.digest
    target = f"dir:{workshop.directory / 'copy'}"
    certificates = ("--src-cert-dir", str(workshop.stored.ca.parent))
    ask(tool("skopeo"), "copy", "--quiet", *certificates, f"docker://{made.location}", target)


@BOTH
def test_skopeo_reads_an_archive(workshop: Workshop, compression: Compression) -> None:
    made = workshop.package(ToArchive(Path("image.tar")), models=[], compression=compression)
    described = inspect(f"docker-archive:{made.location}")
    assert len(described["Layers"]) == 2 + 4
    assert described["Labels"]["acideploy.entry-script"] == "src/score.py"
    target = f"dir:{workshop.directory / 'copy'}"
    ask(tool("skopeo"), "copy", "--quiet", f"docker-archive:{made.location}", target)
    with tarfile.open(made.location) as archive:
        assert archive.getnames()[0] == "manifest.json"


@pytest.mark.skipif(os.getuid() != 0, reason="umoci unpacks owners as root")
def test_umoci_unpacks_the_layers_over_each_other(layout: Package, workshop: Workshop) -> None:
    bundle = workshop.directory / "bundle"
    # A name with slashes is one that umoci does not take.
    renamed = f"oci:{workshop.directory / 'renamed'}:one"
    ask(tool("skopeo"), "copy", "--quiet", layout.location, renamed)
    ask(tool("umoci"), "unpack", "--image", renamed.removeprefix("oci:"), bundle)
    root = bundle / "rootfs"
    assert (root / "etc/base").read_text() == "base\n"
    assert (root / APP / "src/score.py").read_text() == "def init(): ...\n"
    model = root / APP / "azureml-models/iris/1/model"
    assert (model / "weights.bin").stat().st_size == 3_000_000
    assert os.readlink(model / "latest") == "weights.bin"
    assert (root / "opt/acideploy/packages/tiny/__init__.py").is_file()
    assert (root / "opt/acideploy/serving/__main__.py").is_file()
    process = json.loads((bundle / "config.json").read_text())["process"]
    assert process["args"] == ["python3.11", "/opt/acideploy/serving"]
    assert process["cwd"] == f"/{APP}"
    variables = dict(each.split("=", 1) for each in process["env"])
    assert variables["AZUREML_MODEL_DIR"] == f"/{APP}/azureml-models/iris/1"
    assert variables["AZUREML_ENTRY_SCRIPT"] == "src/score.py"
    assert variables["GREETING"] == "hello"
    assert variables["LANG"] == "C.UTF-8"


def test_tar_reads_every_layer(layout: Package, workshop: Workshop) -> None:
    blobs = workshop.directory / "layout/blobs/sha256"
    manifest = json.loads((blobs / str(layout.digest).removeprefix("sha256:")).read_text())
    for each in manifest["layers"]:
        assert ask("tar", "-tf", blobs / each["digest"].removeprefix("sha256:"))


def test_a_folder_for_docker_build_has_the_same_in_it(workshop: Workshop) -> None:
    (workshop.directory / "weights").write_text("weights")
    workshop.register(workshop.directory / "weights")
    made = workshop.package(ToContext(Path("context")))
    context = Path(made.location).parent
    lines = Path(made.location).read_text().splitlines()
    assert lines[0] == f"FROM {workshop.other.host}/base:1"
    assert 'ENV GREETING="hello"' in lines
    assert lines[-1] == 'ENTRYPOINT ["python3.11", "/opt/acideploy/serving"]'
    model = context / "azureml-app/azureml-models/iris/1/weights"
    assert model.read_text() == "weights"
    assert (context / "azureml-app/src/score.py").is_file()
    assert (context / "serving/__main__.py").is_file()
    with pytest.raises(ConflictError, match="is not empty"):
        workshop.package(ToContext(Path("context")))


def test_the_digest_that_was_told_is_that_of_the_registry(
    layout: Package, workshop: Workshop
) -> None:
    made = workshop.package()
    stored: RunningRegistry = workshop.stored
    assert stored.tags("service") == {"1": made.digest} == {"1": layout.digest}
    manifest = stored.manifest("service", "1")
    assert made.size == sum(each["size"] for each in manifest["layers"])
