"""Packages and channels that a test makes for itself are the ones that it asked for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from rattler.exceptions import GatewayError, SolverError

from tests.parts.conda_package import PLACEHOLDER, Format, files_below, index, write_package
from tests.parts.linked_prefix import link_packages, solve_packages


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    """Where a test's first channel goes."""
    return tmp_path / "channel"


def solved(channels: list[Path], *specs: str) -> set[str]:
    """The file names of what is chosen."""
    for each in channels:
        index(each)
    urls = [each.as_uri() for each in channels]
    cache = channels[0].parent / "cache"
    return {record.file_name for record in solve_packages(urls, *specs, cache=cache)}


@pytest.mark.parametrize("format", ["conda", "tar.bz2"])
def test_the_same_files_make_the_same_bytes(tmp_path: Path, format: Format) -> None:
    files = {"share/b": b"b", "bin/a": b"#!/bin/sh\n", "share/p": PLACEHOLDER.encode()}
    backwards = dict(reversed(files.items()))
    paths = [
        write_package(tmp_path / name, name="a", version="1", files=each, format=format)
        for name, each in (("one", files), ("other", backwards))
    ]
    one, other = (path.read_bytes() for path in paths)
    assert one == other


def test_the_newest_that_fits_is_chosen(channel: Path) -> None:
    for version in ("1.0", "2.0", "10.0"):
        write_package(channel, name="a", version=version)
    write_package(channel, name="needs-a", version="1.0", depends=["a <10"], format="tar.bz2")
    assert solved([channel], "a") == {"a-10.0-0.conda"}
    assert solved([channel], "needs-a") == {"needs-a-1.0-0.tar.bz2", "a-2.0-0.conda"}


def test_the_higher_build_number_goes_first(channel: Path) -> None:
    write_package(channel, name="a", version="1.0", build="h2_1", build_number=1)
    write_package(channel, name="a", version="1.0", build="h1_0")
    assert solved([channel], "a") == {"a-1.0-h2_1.conda"}


def test_the_first_channel_that_has_a_package_goes_before_the_next(
    channel: Path, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    write_package(channel, name="a", version="1.0")
    write_package(second, name="a", version="2.0")
    write_package(second, name="b", version="1.0", noarch="generic")
    assert solved([channel, second], "a", "b") == {"a-1.0-0.conda", "b-1.0-0.conda"}
    assert solved([second, channel], "a") == {"a-2.0-0.conda"}


def test_packages_that_exclude_each_other_have_no_solution(channel: Path) -> None:
    write_package(channel, name="a", version="1.0", depends=["c <2"])
    write_package(channel, name="b", version="1.0", depends=["c >=2"])
    write_package(channel, name="d", version="1.0", constrains=["c <2"])
    for version in ("1.0", "2.0"):
        write_package(channel, name="c", version=version)
    assert solved([channel], "c", "d") == {"c-1.0-0.conda", "d-1.0-0.conda"}
    with pytest.raises(SolverError, match="The following packages are incompatible"):
        solved([channel], "a", "b")
    with pytest.raises(SolverError):
        solved([channel], "b", "d")


def test_what_is_in_no_channel_is_named(channel: Path) -> None:
    write_package(channel, name="a", version="1.0")
    with pytest.raises(SolverError, match=r"No candidates were found for nonesuch \*"):
        solved([channel], "nonesuch")
    with pytest.raises(GatewayError, match="could not find subdir 'noarch' in channel"):
        solve_packages([(channel / "away").as_uri()], "a", cache=channel.parent / "cache")


def test_files_are_linked_with_their_modes_links_and_prefix(channel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib/liba.so.1").write_bytes(b"\x7fELF\0" + PLACEHOLDER.encode() + b"\0end")
    (folder / "lib/liba.so.1").chmod(0o755)
    (folder / "lib/liba.so").symlink_to("liba.so.1")
    script = f"#!{PLACEHOLDER}/bin/sh\n".encode()
    files: dict[str, bytes | Path] = {
        **files_below(folder),
        "bin/a": script,
        "share/a": b"as it is",
    }
    write_package(channel, name="a", version="1.0", files=files)
    index(channel)
    prefix, cache = tmp_path / "prefix", tmp_path / "cache"
    records = solve_packages([channel.as_uri()], "a", cache=cache)
    link_packages(records, prefix, cache=cache, said_prefix="/p")
    library = prefix / "lib/liba.so.1"
    assert library.read_bytes() == b"\x7fELF\0/p" + bytes(len(PLACEHOLDER) - 2) + b"\0end"
    assert os.readlink(prefix / "lib/liba.so") == "liba.so.1"
    assert (prefix / "bin/a").read_text() == "#!/p/bin/sh\n"
    modes = {path: (prefix / path).stat().st_mode & 0o777 for path in ("bin/a", "share/a")}
    assert modes == {"bin/a": 0o755, "share/a": 0o644}
    meta = json.loads((prefix / "conda-meta/a-1.0-0.json").read_text())
    assert meta["files"] == ["bin/a", "lib/liba.so", "lib/liba.so.1", "share/a"]
