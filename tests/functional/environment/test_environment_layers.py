"""Environments as layers: made once, by content, and the same wherever they are made."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.environment.local import LocalEnvironments
from acideploy.environment.lock_file import read_lock
from acideploy.errors import DependencyError
from acideploy.events import Event, Finished, Said, Started
from acideploy.image import Compression
from acideploy.registry import Manifest
from acideploy.registry.descriptor import MANIFEST
from tests.functional.environment.conftest import PYTHON, Machine, contents
from tests.tiny import wheel

PACKAGES = "/opt/acideploy/packages"
ENVIRONMENT = "/opt/acideploy/environment"
CONDA = ("python=3.11", "big", "greeter")


def whole(machine: Machine, *conda: str) -> dict[str, bytes]:
    """Every file of the environment, the layers over each other."""
    layers = machine.ensure(machine.request(conda=conda))
    return {path: content for layer in layers for path, content in contents(layer).items()}


def titles(machine: Machine, *conda: str) -> list[str]:
    return [
        layer.created_by.removeprefix("acideploy ")
        for layer in machine.ensure(machine.request(conda=conda))
    ]


def test_pip_packages_are_where_a_container_looks_for_them(machine: Machine) -> None:
    found = whole(machine)
    assert found[f"{PACKAGES}/tiny/__init__.py"] == b"answer = 42\n"
    assert f"{PACKAGES}/tiny-1.0.dist-info/METADATA" in found


def test_scripts_of_pip_packages_are_run_by_the_interpreter_of_the_image(machine: Machine) -> None:
    found = whole(machine)
    assert found[f"{PACKAGES}/bin/tiny"].startswith(f"#!{PYTHON}\n".encode())
    assert found[f"{PACKAGES}/bin/tiny-script"] == f"#!{PYTHON}\nprint('hello')\n".encode()


def test_nothing_in_it_names_this_machine_or_this_day(machine: Machine) -> None:
    machine.make_channel()
    everything = b"\n".join(
        content
        for path, content in whole(machine, *CONDA).items()
        # The lock says where packages came from, which is a folder here.
        if not path.endswith("pylock.toml") and "/conda-meta/" not in path
    )
    for named in (str(machine.folder), os.path.dirname(sys.executable), "secs_since"):
        assert named.encode() not in everything


def test_a_distribution_lists_the_files_that_it_has(machine: Machine) -> None:
    found = whole(machine)
    record = found[f"{PACKAGES}/tiny-1.0.dist-info/RECORD"].decode().splitlines()
    listed = {f"{PACKAGES}/{line.partition(',')[0]}" for line in record}
    assert listed == {path for path in found if path.startswith(PACKAGES)}
    assert record == sorted(record)


def test_conda_packages_are_linked_for_the_prefix_that_they_have_in_the_image(
    machine: Machine,
) -> None:
    machine.make_channel()
    found = whole(machine, *CONDA)
    assert found[f"{ENVIRONMENT}/share/big.txt"] == f"{ENVIRONMENT}/share 1.0\n".encode()
    assert found[f"{ENVIRONMENT}/lib/libbig.so.1"].startswith(ENVIRONMENT.encode() + b"\0")
    assert found[f"{ENVIRONMENT}/lib/python3.11/os.py"] == f"prefix = '{ENVIRONMENT}'\n".encode()
    assert f"{ENVIRONMENT}/lib/python3.11/site-packages/greeter.py" in found
    assert found[f"{ENVIRONMENT}/bin/greet"].startswith(f"#!{ENVIRONMENT}/bin/python".encode())


def test_what_conda_list_reads_is_there(machine: Machine) -> None:
    machine.make_channel()
    found = whole(machine, *CONDA)
    record = json.loads(found[f"{ENVIRONMENT}/conda-meta/big-1.0-0.json"])
    assert (record["name"], record["version"], record["build"]) == ("big", "1.0", "0")
    assert set(record["files"]) == {"lib/libbig.so.1", "share/big.txt"}


def test_the_interpreter_a_large_package_and_the_rest_have_layers_of_their_own(
    machine: Machine,
) -> None:
    machine.make_channel()
    assert titles(machine, *CONDA) == [
        "python 3.11.7",
        "big 1.0",
        "1 conda package",
        "1 pip package",
        "lock",
    ]


def test_the_lock_is_in_the_image(machine: Machine) -> None:
    machine.make_channel()
    lock = read_lock(whole(machine, *CONDA)["/opt/acideploy/pylock.toml"].decode())
    assert lock.python == "3.11.7"
    assert [each.name for each in lock.conda] == ["big", "greeter", "libz", "python"]
    assert [(each.name, each.version) for each in lock.pip] == [("tiny", "1.0")]


def test_a_changed_package_changes_its_own_layer_alone(machine: Machine) -> None:
    machine.make_channel()
    before = machine.ensure(machine.request(conda=("python=3.11", "big=1", "greeter")))
    machine.make_channel(big="2.0")
    after = machine.ensure(machine.request(conda=("python=3.11", "big=2", "greeter")))
    changed = [
        old.created_by for old, new in zip(before, after, strict=True) if old.diff_id != new.diff_id
    ]
    assert changed == ["acideploy big 1.0", "acideploy lock"]


def test_a_layer_that_the_registry_has_is_neither_downloaded_nor_pushed_again(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.make_channel()
    machine.ensure(machine.request(conda=("python=3.11", "big")))
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "empty-cache"))
    (machine.channel / "linux-64" / "big-1.0-0.conda").unlink()
    told: list[Event] = []
    machine.ensure(machine.request(conda=CONDA), emit=told.append)
    pushed = {each.title for each in told if isinstance(each, Started)}
    assert pushed - {"Environment"} >= {"1 conda package", "Lock"}
    assert "Big 1.0" not in pushed


def test_another_machine_makes_the_same_layers(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.make_channel()
    request = machine.request(conda=CONDA)
    first = machine.ensure(request)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "another-uv-cache"))
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "another-conda-cache"))
    monkeypatch.setenv("UV_COMPILE_BYTECODE", "1")
    second = Machine(tmp_path / "another-place-with-a-longer-name").ensure(request)
    assert [each.diff_id for each in first] == [each.diff_id for each in second]
    assert [each.blob.descriptor for each in first] == [each.blob.descriptor for each in second]


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_it_is_made_once(machine: Machine, compression: Compression) -> None:
    made = machine.ensure(compression=compression)
    told: list[Event] = []
    again = machine.ensure(compression=compression, emit=told.append)
    assert [each.blob.descriptor for each in again] == [each.blob.descriptor for each in made]
    assert [each.diff_id for each in again] == [each.diff_id for each in made]
    assert {each.blob.mount_from for each in again} == {("environments",)}
    assert Finished(task="environment", outcome="reused", detail="unchanged") in told
    assert not [each for each in told if isinstance(each, Said)]
    assert not [path for path in (machine.folder / "scratch").iterdir() if path.is_dir()]


def test_both_compressions_are_kept_beside_each_other(machine: Machine) -> None:
    plain, compressed = machine.ensure(), machine.ensure(compression="gzip")
    assert [each.diff_id for each in plain] == [each.diff_id for each in compressed]
    assert plain[0].blob.descriptor.digest != compressed[0].blob.descriptor.digest
    assert machine.layers.find(machine.request(), "none") is not None
    assert machine.layers.find(machine.request(), "gzip") is not None


def test_another_wheel_of_the_same_name_is_another_environment(machine: Machine) -> None:
    before = machine.ensure()
    wheel(machine.folder, text="answer = 43\n")
    after = machine.ensure()
    assert contents(after[0])[f"{PACKAGES}/tiny/__init__.py"] == b"answer = 43\n"
    assert after[0].diff_id != before[0].diff_id


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
    assert [each.blob.descriptor for each in again] == [each.blob.descriptor for each in made]
    assert machine.layers.find(machine.request(), "none") is not None


def test_what_cannot_be_installed_is_told_and_nothing_is_kept(machine: Machine) -> None:
    told: list[Event] = []
    request = machine.request("./missing-1.0-py3-none-any.whl")
    with pytest.raises(DependencyError):
        machine.ensure(request, emit=told.append)
    assert told[-1] == Finished(task="environment", outcome="failed")
    assert machine.layers.find(request, "none") is None
    assert not [path for path in (machine.folder / "scratch").iterdir() if path.is_dir()]


def test_what_is_being_made_is_not_pruned(machine: Machine) -> None:
    environments = LocalEnvironments(machine.folder / "scratch", clock=SystemClock())
    removed: list[object] = []

    def prune_meanwhile(event: Event) -> None:
        if isinstance(event, Started) and event.title.startswith("1 pip"):
            removed.append(environments.remove_all_but(()))

    machine.ensure(emit=prune_meanwhile)
    assert removed == [{}]
