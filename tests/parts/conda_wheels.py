"""Wheels from PyPI as conda packages."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PathDistribution
from pathlib import Path

import uv

from tests.parts import MissingPartError
from tests.parts.conda_libraries import is_packaged, linked_libraries, pins_of
from tests.parts.conda_package import PLACEHOLDER, Format, files_below, write_package
from tests.parts.conda_python import REQUIRED, Interpreter, compile_modules

NO_NETWORK = re.compile(
    r"dns error|error sending request|Failed to fetch|Failed to connect|operation timed out", re.I
)


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A project of PyPI. One that is not `noarch` is for linux-64 and Python REQUIRED."""

    name: str
    version: str
    depends: Sequence[str]
    noarch: bool = False
    format: Format = "conda"


def _compiled(name: str, version: str, *depends: str) -> Wheel:
    return Wheel(name=name, version=version, depends=("python >=3.11,<3.12.0a0", *depends))


def _pure(name: str, version: str, *depends: str, format: Format = "conda") -> Wheel:
    depends = ("python >=3.7", *depends)
    return Wheel(name=name, version=version, depends=depends, noarch=True, format=format)


WHEELS = (
    _compiled("numpy", "1.26.4"),
    _compiled("scipy", "1.11.4", "numpy >=1.22.4,<1.28.0"),
    _compiled(
        *("scikit-learn", "1.3.2", "joblib >=1.1.1", "numpy >=1.22.4,<2.0a0", "scipy >=1.5.0"),
        "threadpoolctl >=2.0.0",
    ),
    _pure("joblib", "1.3.2", "setuptools", format="tar.bz2"),
    _pure("joblib", "1.4.2", "setuptools"),
    _pure("threadpoolctl", "3.2.0"),
    _pure("pip", "23.3.2", "setuptools", "wheel"),
    _pure("setuptools", "68.2.2"),
    _pure("wheel", "0.42.0", format="tar.bz2"),
)


@dataclass(frozen=True, kw_only=True)
class Unpacked:
    """A wheel's files in `folder`, as they lie in site-packages."""

    wheel: Wheel
    folder: Path

    def linked(self) -> dict[str, Path]:
        """The libraries of this machine that it needs."""
        found = [linked_libraries(file) for file in self.folder.rglob("*.so*")]
        libraries = {name: place for each in found for name, place in each.items()}
        return {name: place for name, place in libraries.items() if is_packaged(name)}


def unpack(wheel: Wheel, folder: Path) -> Unpacked:
    """The wheel, from PyPI, in a new folder. Raises MissingPartError when PyPI is out of reach."""
    command = [
        *(uv.find_uv_bin(), "pip", "install", "--quiet", "--no-config", "--no-deps"),
        *("--only-binary", ":all:", "--link-mode", "copy", "--target", str(folder)),
        *("--python-version", REQUIRED, "--python-platform", "x86_64-unknown-linux-gnu"),
        f"{wheel.name}=={wheel.version}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = f"{wheel.name} {wheel.version} from PyPI: {done.stderr.strip()[-500:]}"
        raise MissingPartError(reason) if NO_NETWORK.search(done.stderr) else RuntimeError(reason)
    # What uv leaves behind, and scripts for another interpreter.
    (folder / ".lock").unlink(missing_ok=True)
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for file in folder.glob("*.dist-info/REQUESTED"):
        file.unlink()
    return Unpacked(wheel=wheel, folder=folder)


def write_wheel(
    directory: Path, unpacked: Unpacked, *, python: Interpreter, pins: Mapping[str, str]
) -> None:
    """Writes the package of a wheel. `pins` are the dependencies for libraries, by package.

    `python` compiles the modules of one that is not `noarch`: those of others are compiled when
    they are installed.
    """
    wheel = unpacked.wheel
    (metadata,) = unpacked.folder.glob("*.dist-info")
    (metadata / "INSTALLER").write_text("conda\n")
    entry_points = _entry_points(metadata)
    site_packages = "site-packages" if wheel.noarch else f"lib/{python.name}/site-packages"
    if not wheel.noarch:
        compile_modules(python, unpacked.folder, site_packages)
    _record(metadata)
    files: dict[str, bytes | Path] = {
        f"{site_packages}/{path}": file for path, file in files_below(unpacked.folder).items()
    }
    if not wheel.noarch:
        files.update((f"bin/{each.partition(' ')[0]}", _script(each)) for each in entry_points)
    write_package(
        directory,
        name=wheel.name,
        version=wheel.version,
        build="pyh0_0" if wheel.noarch else f"py{REQUIRED.replace('.', '')}h0_0",
        files=files,
        depends=[*wheel.depends, *pins_of(unpacked.linked(), pins)],
        noarch="python" if wheel.noarch else None,
        entry_points=entry_points,
        format=wheel.format,
    )


def _record(metadata: Path) -> None:
    """Lists the files as they are now."""
    site_packages, record = metadata.parent, metadata / "RECORD"
    record.unlink()
    rows = [f"{metadata.name}/RECORD,,"]
    for path, file in files_below(site_packages).items():
        content = file.read_bytes()
        code = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        rows.append(f"{path},sha256={code},{len(content)}")
    record.write_text("".join(f"{row}\n" for row in sorted(rows)))


def _entry_points(metadata: Path) -> list[str]:
    scripts = PathDistribution(metadata).entry_points.select(group="console_scripts")
    return [f"{script.name} = {script.value}" for script in scripts]


def _script(entry_point: str) -> bytes:
    module, _, function = entry_point.partition(" = ")[2].partition(":")
    return (
        f"#!{PLACEHOLDER}/bin/python\n"
        "import sys\n"
        f"from {module} import {function}\n"
        f"sys.exit({function}())\n"
    ).encode()
