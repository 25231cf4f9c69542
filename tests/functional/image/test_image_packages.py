"""The packages of an environment as a layer: made once, and the same wherever it is made."""

from __future__ import annotations

import io
import os
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.environment.packages import PackageLayers
from acideploy.environment.request import EnvironmentRequest
from acideploy.errors import DependencyError
from acideploy.events import Event, Finished, Said, ignore
from acideploy.image import Compression, Layer
from acideploy.registry import Manifest
from acideploy.registry.descriptor import MANIFEST
from acideploy.registry.directory import DirectoryRegistry
from acideploy.registry.layout import ImageLayout
from acideploy.serving import ServingStack
from tests.tiny import wheel

PLACE = "opt/acideploy/packages"
WHEEL = "./tiny-1.0-py3-none-any.whl"


class Machine:
    """A folder with a wheel, a registry and a place to install to."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.registry = DirectoryRegistry(ImageLayout(folder / "layout", clock=SystemClock()))
        self.packages = PackageLayers(
            self.registry, scratch=folder / "scratch", clock=SystemClock(), mtime=0
        )
        wheel(folder)

    def request(self, *lines: str) -> EnvironmentRequest:
        stack = ServingStack(python="3.11", requirements=(), constraints=())
        return EnvironmentRequest(
            python="3.11", lines=lines or (WHEEL,), directory=self.folder, stack=stack
        )

    def ensure(
        self, compression: Compression = "none", emit: Callable[[Event], None] = ignore
    ) -> Layer:
        return self.packages.ensure(self.request(), compression=compression, emit=emit)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


def files(layer: Layer) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(b"".join(layer.blob.chunks()))) as archive:
        return {
            each.name.removeprefix(f"{PLACE}/"): archive.extractfile(each).read()  # type: ignore[union-attr]
            for each in archive
            if each.isfile()
        }


def test_the_packages_are_where_a_container_looks_for_them(machine: Machine) -> None:
    found = files(machine.ensure())
    assert found["tiny/__init__.py"] == b"answer = 42\n"
    assert "tiny-1.0.dist-info/METADATA" in found
    assert "tiny-1.0.dist-info/entry_points.txt" in found


def test_nothing_in_it_names_this_machine_or_this_day(machine: Machine) -> None:
    found = files(machine.ensure())
    everything = b"\n".join(found.values())
    for named in (
        str(machine.folder),
        sys.executable,
        os.path.dirname(sys.executable),
        "secs_since",
    ):
        assert named.encode() not in everything
    assert not [name for name in found if name.startswith("bin/")]
    record = found["tiny-1.0.dist-info/RECORD"].decode().splitlines()
    listed = {line.partition(",")[0] for line in record}
    assert listed == {name for name in found if name.startswith("tiny")}
    assert record == sorted(record)


def test_another_machine_makes_the_same_layer(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "another-cache"))
    monkeypatch.setenv("UV_COMPILE_BYTECODE", "1")
    other = Machine(tmp_path / "another-place-with-a-longer-name")
    first, second = machine.ensure(), other.ensure()
    assert machine.request().image_digest == other.request().image_digest
    assert first.blob.descriptor == second.blob.descriptor
    assert first.diff_id == second.diff_id


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_it_is_made_once(machine: Machine, compression: Compression) -> None:
    made = machine.ensure(compression)
    told: list[Event] = []
    again = machine.ensure(compression, emit=told.append)
    assert (again.blob.descriptor, again.diff_id) == (made.blob.descriptor, made.diff_id)
    assert again.blob.mount_from == ("environments",)
    assert Finished(task="environment", outcome="reused", detail="unchanged") in told
    assert not [each for each in told if isinstance(each, Said)]
    assert list((machine.folder / "scratch").iterdir()) == []


def test_both_compressions_are_kept_beside_each_other(machine: Machine) -> None:
    plain, compressed = machine.ensure("none"), machine.ensure("gzip")
    assert plain.diff_id == compressed.diff_id
    assert plain.blob.descriptor.digest != compressed.blob.descriptor.digest
    assert machine.packages.find(machine.request(), "none") is not None
    assert machine.packages.find(machine.request(), "gzip") is not None


def test_another_wheel_of_the_same_name_is_another_environment(machine: Machine) -> None:
    before = machine.ensure()
    wheel(machine.folder, text="answer = 43\n")
    after = machine.ensure()
    assert files(after)["tiny/__init__.py"] == b"answer = 43\n"
    assert after.diff_id != before.diff_id


@pytest.mark.parametrize("content", [b"{}", b"[]", b"nonsense", b'{"layers": [{}]}'])
def test_what_somebody_else_wrote_in_its_place_is_replaced(
    machine: Machine, content: bytes
) -> None:
    made = machine.ensure()
    tag = machine.request().image_digest
    assert machine.registry.find_manifest("environments", tag) is not None
    foreign = Manifest(content=content, media_type=f"{MANIFEST}-foreign")
    machine.registry.push_manifest("environments", foreign, tag=tag)
    again = machine.ensure()
    assert again.blob.descriptor == made.blob.descriptor
    assert machine.packages.find(machine.request(), "none") is not None


def test_what_cannot_be_installed_is_told_and_nothing_is_kept(machine: Machine) -> None:
    told: list[Event] = []
    request = machine.request("./missing-1.0-py3-none-any.whl")
    with pytest.raises(DependencyError):
        machine.packages.ensure(request, compression="none", emit=told.append)
    assert told[-1] == Finished(task="environment", outcome="failed")
    assert machine.packages.find(request, "none") is None
    assert list((machine.folder / "scratch").iterdir()) == []
