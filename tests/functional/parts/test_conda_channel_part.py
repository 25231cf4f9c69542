"""The packages of the channel that tests stand on are real: rattler links them, and they run."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.parts.conda_channel import CondaChannel
from tests.parts.conda_package import PLACEHOLDER
from tests.parts.conda_prefixed import AFTER, GREETER, PREFIXED
from tests.parts.linked_prefix import link_packages, run_in_prefix, solve_packages

SPECS = ("python 3.11.*", "scikit-learn", "pip", GREETER, PREFIXED)
FINAL = "/opt/acideploy/environment"
LIBRARIES = """
import bz2, ctypes, curses, hashlib, lzma, readline, sqlite3, ssl, uuid, zlib
ssl.create_default_context()
sqlite3.connect(":memory:").execute("select 1")
print(*sorted({line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}))
"""
FIT = """
from sklearn.linear_model import LinearRegression
print(*LinearRegression().fit([[0], [1]], [0, 2]).predict([[2]]).round(3))
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def prefix(
    conda_channel_part: CondaChannel, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Linked where it is to be run."""
    prefix = tmp_path_factory.mktemp("prefix")
    records = solve_packages([conda_channel_part.url], *SPECS, cache=cache)
    link_packages(records, prefix, cache=cache)
    return prefix


@pytest.fixture(scope="module")
def staged(
    conda_channel_part: CondaChannel, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Linked for FINAL, somewhere else."""
    staged = tmp_path_factory.mktemp("staged")
    records = solve_packages([conda_channel_part.url], *SPECS, cache=cache)
    link_packages(records, staged, cache=cache, said_prefix=FINAL)
    return staged


def test_what_a_package_needs_comes_along_in_both_formats(
    conda_channel_part: CondaChannel, cache: Path
) -> None:
    records = solve_packages([conda_channel_part.url], *SPECS, cache=cache)
    found = {record.name.normalized: record for record in records}
    needed = {"joblib", "libstdcxx-ng", "numpy", "openssl", "scipy", "sqlite", "threadpoolctl"}
    assert needed <= found.keys()
    assert str(found["joblib"].version) == "1.4.2"
    assert found["joblib"].subdir == "noarch"
    assert {Path(record.file_name).suffix for record in records} == {".conda", ".bz2"}


def test_the_older_joblib_can_be_had_too(conda_channel_part: CondaChannel, cache: Path) -> None:
    records = solve_packages([conda_channel_part.url], "joblib 1.3.*", cache=cache)
    assert "joblib-1.3.2-pyh0_0.tar.bz2" in {record.file_name for record in records}


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.11"])
def test_every_python_finds_its_libraries_in_its_prefix(
    conda_channel_part: CondaChannel, cache: Path, tmp_path: Path, version: str
) -> None:
    if not any(conda_channel_part.directory.glob(f"linux-64/python-{version}.*")):
        pytest.skip(f"python {version} is not installed here")
    specs = (f"python {version}.*", GREETER)
    records = solve_packages([conda_channel_part.url], *specs, cache=cache)
    link_packages(records, tmp_path, cache=cache)
    assert run_in_prefix(tmp_path, "python", "--version").startswith(f"Python {version}.")
    assert run_in_prefix(tmp_path, "greet") == "hello\n"
    outside = {
        Path(library).name.partition(".so")[0]
        for library in run_in_prefix(tmp_path, "python", "-c", LIBRARIES).split()
        if not library.startswith(f"{tmp_path}/")
    }
    assert outside <= {"ld-linux-x86-64", "libc", "libm", "libdl", "libpthread", "libutil"}


def test_a_model_is_fitted_in_the_prefix(prefix: Path) -> None:
    assert run_in_prefix(prefix, "python", "-c", FIT) == "4.0\n"


def test_pip_takes_the_packages_for_conda_s(prefix: Path) -> None:
    listed = json.loads(run_in_prefix(prefix, "pip", "inspect"))["installed"]
    installers = {each["metadata"]["name"]: each["installer"] for each in listed}
    assert installers.keys() >= {"joblib", "numpy", "scikit-learn", "scipy", "threadpoolctl"}
    assert set(installers.values()) == {"conda"}
    run_in_prefix(prefix, "pip", "check")


def test_a_program_knows_the_prefix_that_it_was_linked_to(prefix: Path, staged: Path) -> None:
    after = AFTER.decode()
    assert run_in_prefix(prefix, PREFIXED) == f"{prefix}/share/prefixed{after}"
    assert run_in_prefix(staged, PREFIXED) == f"{FINAL}/share/prefixed{after}"
    assert (staged / "share/prefixed/prefix.txt").read_text() == f"prefix = {FINAL}\n"


def test_a_binary_keeps_its_size(prefix: Path, staged: Path) -> None:
    program = (staged / "bin" / PREFIXED).read_bytes()
    padding = bytes(len(PLACEHOLDER) - len(FINAL) + 1)
    assert f"{FINAL}/share/prefixed".encode() + padding + AFTER in program
    assert len(program) == (prefix / "bin" / PREFIXED).stat().st_size


@pytest.mark.parametrize("script", ["greet", "pip", "f2py", "pydoc3.11", "2to3"])
def test_scripts_name_the_python_of_the_final_prefix(staged: Path, script: str) -> None:
    first, _, _ = (staged / "bin" / script).read_text().partition("\n")
    assert first in (f"#!{FINAL}/bin/python", f"#!{FINAL}/bin/python3.11")


def test_no_file_says_where_it_was_staged(staged: Path) -> None:
    # What conda itself writes names the folders of the packages that it linked.
    search = ["grep", "--recursive", "--files-with-matches", "--exclude-dir=conda-meta"]
    for arguments in ((str(staged),), ("--exclude=*.pyc", PLACEHOLDER)):
        command = [*search, *arguments, staged]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")


def test_sysconfig_says_the_final_prefix(staged: Path) -> None:
    (written,) = staged.glob("lib/python3.11/_sysconfigdata_*.py")
    assert f"'prefix': '{FINAL}'" in written.read_text()
    assert not [*staged.glob("lib/python3.11/__pycache__/_sysconfigdata_*")]


def test_modules_come_compiled_but_for_those_of_every_python(staged: Path) -> None:
    library = staged / "lib/python3.11"
    for compiled in ("json/__pycache__/decoder", "site-packages/numpy/__pycache__/version"):
        content = (library / f"{compiled}.cpython-311.pyc").read_bytes()
        # PEP 552: with the hash of the source, which is not looked at.
        assert content[4:8] == b"\1\0\0\0"
    assert (library / "site-packages/joblib/parallel.py").exists()
    assert not [*library.glob("site-packages/joblib/**/*.pyc")]


def test_a_prefix_that_is_moved_still_runs(staged: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(staged, moved, symlinks=True)
    assert run_in_prefix(moved, "python", "-c", FIT) == "4.0\n"
