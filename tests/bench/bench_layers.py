"""Hashing and compressing a layer, beside the programs that do just that."""

from __future__ import annotations

import subprocess
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

from acideploy.image import Compression
from acideploy.image.compression import compressed, measure
from tests.bench.measure import Row, compared, missing, seconds, seconds_of
from tests.parts import MissingPartError, program

MEGABYTES = 250
RUNS = 3


def layers(folder: Path) -> Iterator[Row]:
    """The same bytes for all, from the page cache: what is installed here, as a tar."""
    tar = folder / "layer.tar"
    _write_tar(tar, Path(sysconfig.get_path("purelib")))
    size = f"{tar.stat().st_size / 1e6:.0f} MB of packages"
    sha256sum = seconds(["sha256sum", str(tar)], runs=RUNS)
    yield compared(f"digest of {size}", _measured(tar, "none"), "sha256sum", sha256sum)
    try:
        pigz = [str(program("pigz")), "-1", "--stdout", str(tar)]
    except MissingPartError as error:
        yield missing(f"gzip of {size}", error)
        return
    theirs = seconds(pigz, runs=RUNS)
    ours = min(seconds_of(lambda: _gzipped(tar)) for _ in range(RUNS))
    longer = _gzipped(tar) / len(subprocess.run(pigz, capture_output=True, check=True).stdout)
    what = f"gzip of {size}, {longer:.2f} times as long as pigz's"
    yield compared(what, ours, "pigz -1, all cores", theirs)
    yield compared(
        "gzip, with the digests before and after it",
        _measured(tar, "gzip"),
        "pigz -1, then sha256sum of the tar alone",
        theirs + sha256sum,
    )


def _measured(tar: Path, compression: Compression) -> float:
    return min(seconds_of(lambda: measure(_chunks(tar), compression)) for _ in range(RUNS))


def _gzipped(tar: Path) -> int:
    """The bytes that it becomes."""
    return sum(len(chunk) for chunk in compressed(_chunks(tar), "gzip"))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            yield chunk


def _write_tar(path: Path, packages: Path) -> None:
    """As many of the files as make MEGABYTES, again and again if they are too few."""
    files = [each for each in sorted(packages.rglob("*")) if each.is_file()]
    with tarfile.open(path, "w") as tar:
        while True:
            for file in files:
                tar.add(file)
                if tar.offset >= MEGABYTES * 1e6:
                    return
