"""What an image with an interpreter of its own lacks is told before it is deployed."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.errors import DependencyError, RegistryError
from acideploy.events import Event, Started, ignore
from acideploy.image import Base
from acideploy.image.base import ensure_base
from acideploy.image.compression import GZIP
from acideploy.image.reference import parse_image_reference
from acideploy.image.survey import require_serving
from acideploy.registry.descriptor import describe
from acideploy.registry.directory import DirectoryRegistry
from acideploy.registry.layout import ImageLayout
from tests.tiny import CONFIG, base_artifact, put

SITE = "usr/lib/python3.11/site-packages"
SCORING = f"{SITE}/azureml_inference_server_http-1.5.1.dist-info/METADATA"
GRANIAN = f"{SITE}/granian-2.0.0.dist-info/METADATA"
PYTHON = "usr/bin/python3.11"


def layer(*files: str, links: Mapping[str, str] | None = None) -> bytes:
    """A tar of empty files, those in `bin` executable, and of links."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name in files:
            member = tarfile.TarInfo(name)
            member.mode = 0o755 if "/bin/" in name else 0o644
            tar.addfile(member)
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return archive.getvalue()


@pytest.fixture
def registry(tmp_path: Path) -> DirectoryRegistry:
    return DirectoryRegistry(ImageLayout(tmp_path / "layout", clock=SystemClock()))


def base(
    registry: DirectoryRegistry, layers: Sequence[bytes], *, stored: Sequence[bytes] | None = None
) -> Base:
    diff_ids = [describe(each, "").digest for each in layers]
    config = {**CONFIG, "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": []}
    kind = GZIP if stored else None
    artifact = base_artifact(config, layers=stored or layers, layer_type=kind)
    put(registry, "own", artifact, tag="1")
    name = parse_image_reference("localhost/own:1", registry="localhost")
    clock = SystemClock()
    return ensure_base(name, source=registry, registry=registry, clock=clock, emit=ignore)


def check(registry: DirectoryRegistry, found: Base, python: str = "python3.11") -> list[Event]:
    told: list[Event] = []
    require_serving(found, python, registry=registry, clock=SystemClock(), emit=told.append)
    return told


def lacking(registry: DirectoryRegistry, *layers: bytes, python: str = "python3.11") -> str:
    with pytest.raises(DependencyError) as failure:
        check(registry, base(registry, layers), python)
    assert "azureml-defaults" in str(failure.value.hint)
    return failure.value.message.partition(": ")[2]


def test_an_image_that_has_all_is_taken(registry: DirectoryRegistry) -> None:
    check(registry, base(registry, [layer(PYTHON), layer(SCORING, GRANIAN)]))


def test_everything_that_is_missing_is_told_at_once(registry: DirectoryRegistry) -> None:
    assert lacking(registry, layer("etc/passwd")) == (
        "it has no interpreter 'python3.11', no azureml-inference-server-http, "
        "neither granian nor gunicorn"
    )


def test_gunicorn_serves_too(registry: DirectoryRegistry) -> None:
    gunicorn = f"{SITE}/gunicorn-20.1.0.dist-info/METADATA"
    check(registry, base(registry, [layer(PYTHON, SCORING, gunicorn)]))


@pytest.mark.parametrize(
    "whiteout",
    [
        f"{SITE}/.wh.granian-2.0.0.dist-info",
        f"{SITE}/granian-2.0.0.dist-info/.wh..wh..opq",
        "usr/lib/.wh.python3.11",
    ],
)
def test_what_a_later_layer_takes_away_is_not_there(
    registry: DirectoryRegistry, whiteout: str
) -> None:
    found = lacking(registry, layer(PYTHON, SCORING, GRANIAN), layer(whiteout))
    assert "neither granian nor gunicorn" in found


@pytest.mark.parametrize("python", ["/opt/own/bin/python", "/bin/python3", "python3"])
def test_the_interpreter_is_found_by_path_and_through_links(
    registry: DirectoryRegistry, python: str
) -> None:
    links = {"bin": "usr/bin", "usr/bin/python3": "python3.11"}
    layers = [layer(PYTHON, SCORING, GRANIAN, "opt/own/bin/python", links=links)]
    check(registry, base(registry, layers), python)


def test_an_interpreter_that_is_elsewhere_is_not_taken_for_one_on_the_path(
    registry: DirectoryRegistry,
) -> None:
    layers = [layer("opt/own/bin/python3.11", SCORING, GRANIAN)]
    assert "no interpreter 'python3.11'" in lacking(registry, *layers)


def test_packages_that_conda_keeps_unpacked_do_not_count(registry: DirectoryRegistry) -> None:
    kept = GRANIAN.replace("usr/lib", "opt/conda/pkgs/granian/lib")
    assert "neither granian" in lacking(registry, layer(PYTHON, SCORING, kept))


def test_an_image_is_read_once(registry: DirectoryRegistry) -> None:
    found = base(registry, [layer(PYTHON, SCORING, GRANIAN)])
    assert [each.title for each in check(registry, found) if isinstance(each, Started)]
    assert check(registry, found) == []


@pytest.mark.parametrize("members", [1, 3])
def test_compressed_layers_are_read_however_many_members_they_have(
    registry: DirectoryRegistry, members: int
) -> None:
    tar = layer(PYTHON, SCORING, GRANIAN)
    step = -(-len(tar) // members)
    parts = [tar[start : start + step] for start in range(0, len(tar), step)]
    stored = b"".join(gzip.compress(part) for part in parts)
    check(registry, base(registry, [tar], stored=[stored]))


def test_a_layer_that_is_damaged_is_named(registry: DirectoryRegistry) -> None:
    tar = layer(PYTHON)
    with pytest.raises(RegistryError, match="base image layer 1 of"):
        check(registry, base(registry, [tar], stored=[b"not gzip at all"]))
