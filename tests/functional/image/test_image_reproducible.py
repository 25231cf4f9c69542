"""The same layers on another day, by another user, with another mask, in another order."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from acideploy.image import Compression
from acideploy.request import ToLayout
from tests.functional.image.conftest import Workshop

FILES = {
    "score.py": "def init(): ...\n",
    "package/__init__.py": "",
    "package/größe ☃.py": "x = 1\n",
    "package/" + "long" * 50 + ".txt": "long\n",
    "run.sh": "#!/bin/sh\n",
    "z/y/x/w.txt": "deep\n",
}
# The code's and a model's layer, as they are made for an image and for a registration.
DIGESTS = """
import os, sys
from pathlib import Path
from isal import isal_zlib
from acideploy.code import code_of
from acideploy.config.values import InferenceConfig
from acideploy.image.compression import made_layer
from acideploy.image.contents import code_layer, serving_layer
from acideploy.image.layer import layer_chunks, source_date_epoch
from acideploy.models.layer import folder_of, layer_entries
from acideploy.models.tree import scan
if len(sys.argv) > 2:
    # Only now: the interpreter itself may be out of reach for others.
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[2]))
source = Path(sys.argv[1])
mtime = source_date_epoch(os.environ)
code = code_of(InferenceConfig(entry_script=source / "score.py", source_directory=source))
entries = layer_entries(scan(source), folder=folder_of("iris", 1))
for compression in ("none", "gzip"):
    layers = [
        code_layer(code, mtime=mtime, compression=compression),
        serving_layer(mtime=mtime, compression=compression),
        made_layer(
            lambda: layer_chunks(entries, mtime=mtime), title="", created_by="",
            compression=compression,
        ),
    ]
    print(*(layer.blob.descriptor.digest for layer in layers))
"""
MEMORY = """
import sys
from pathlib import Path
from acideploy.clock import SystemClock
from acideploy.image.compression import made_layer
from acideploy.image.layer import file_entry, layer_chunks
from acideploy.registry.directory import DirectoryRegistry
from acideploy.registry.layout import ImageLayout
entries = [file_entry("model.bin", sys.argv[1])]
layer = made_layer(
    lambda: layer_chunks(entries, mtime=0), title="", created_by="", compression=sys.argv[3]
)
registry = DirectoryRegistry(ImageLayout(Path(sys.argv[2]), clock=SystemClock()))
registry.push_blob("r", layer.blob, advance=lambda count: None)
for chunk in registry.chunks("r", layer.blob.descriptor):
    pass
status = Path("/proc/self/status").read_text().split()
print(int(status[status.index("VmHWM:") + 1]) // 1024)
"""


def lay_out(folder: Path, *, backwards: bool = False) -> Path:
    """The files, written in one order or the other."""
    source = folder / "src"
    for name in sorted(FILES, reverse=backwards):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[name])
    (source / "run.sh").chmod(0o755)
    return source


def digests(source: Path, *arguments: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", DIGESTS, str(source), *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
    )
    return done.stdout


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "first")


def test_another_day_another_order_another_place(first: Path, tmp_path: Path) -> None:
    again = lay_out(tmp_path / "second" / "elsewhere", backwards=True)
    for number, path in enumerate(again.rglob("*")):
        os.utime(path, (number, 10**9 + number))
    assert digests(again) == digests(first)


def test_another_mask(first: Path, tmp_path: Path) -> None:
    for mask in (0o077, 0o000, 0o027):
        before = os.umask(mask)
        try:
            again = lay_out(tmp_path / f"{mask}")
            (again / "run.sh").chmod(0o700)
            assert digests(again) == digests(first)
        finally:
            os.umask(before)


def test_another_locale_zone_and_seed(first: Path) -> None:
    expected = digests(first)
    assert digests(first, LC_ALL="C", TZ="Asia/Kathmandu", PYTHONHASHSEED="1") == expected
    assert digests(first, LC_ALL="C.UTF-8", TZ="UTC", PYTHONHASHSEED="2", HOME="/") == expected


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_another_user(first: Path) -> None:
    # Not below pytest's own folder, which others may not enter.
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        again = lay_out(Path(place))
        for path in (again, *again.rglob("*")):
            os.chown(path, 65534, 65534)
        assert digests(again, "65534") == digests(first)


def test_the_time_is_that_of_source_date_epoch(first: Path) -> None:
    assert digests(first, SOURCE_DATE_EPOCH="0") == digests(first)
    dated = digests(first, SOURCE_DATE_EPOCH="1700000000")
    assert set(dated.split()).isdisjoint(digests(first).split())
    assert digests(first, SOURCE_DATE_EPOCH="1700000000") == dated


def test_changes_that_matter_matter(first: Path) -> None:
    seen = {digests(first)}
    (first / "run.sh").chmod(0o644)
    seen.add(digests(first))
    (first / "score.py").write_text("def init(): pass\n")
    seen.add(digests(first))
    (first / "score.py").rename(first / "z" / "score.py")
    (first / "score.py").write_text("def init(): pass\n")
    seen.add(digests(first))
    assert len(seen) == 4


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_memory_does_not_grow_with_a_layer(tmp_path: Path, compression: Compression) -> None:
    path = tmp_path / "model.bin"
    with path.open("wb") as file:
        file.truncate(1_000_000_000)
    command = [sys.executable, "-c", MEMORY, str(path), str(tmp_path / "layout"), compression]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(done.stdout) < 150, "MiB at the peak"


def test_an_image_is_the_same_from_another_folder_and_registry(
    workshop: Workshop, tmp_path: Path
) -> None:
    """All but the base image's name: that of its registry."""
    first = workshop.package(ToLayout(Path("layout")), models=[])
    again = workshop.package(models=[])
    assert first.digest == again.digest
    assert workshop.stored.tags("service") == {"1": first.digest}
