"""CPython as conda packages: the interpreters of this machine, packed anew.

They run from any prefix, in an image that has glibc and nothing else: the libraries of this machine
that they need are packages too. What is left out: tests, idle, tkinter, headers, and the extension
modules for which a library would be needed that has no package (`nis`).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.parts import MissingPartError
from tests.parts.conda_libraries import is_packaged, linked_libraries, pins_of, set_rpath
from tests.parts.conda_package import PLACEHOLDER, files_below, write_package

# Packages made of wheels are for this one.
REQUIRED = "3.11"
OTHERS = ("3.8", "3.9")
# As conda-forge's packages say it, of what the solver is told of the system.
GLIBC = "__glibc >=2.17,<3.0.a0"
FACTS = """
import json, ssl, sqlite3, sys
print(json.dumps({
    "version": "%d.%d.%d" % sys.version_info[:3],
    "prefix": sys.base_prefix,
    "libraries": {"openssl": ssl.OPENSSL_VERSION.split()[1], "sqlite": sqlite3.sqlite_version},
}))
"""
SCRIPTS = ("2to3*", "pydoc*", "python", "python3", "python3.*", "python*-config")
LEFT_OUT = shutil.ignore_patterns(
    *("__pycache__", "idlelib", "libpython*.a", "site-packages", "test", "tests", "tkinter"),
    *("turtledemo", "_ctypes_test*.so", "_test*.so", "_tkinter*.so", "xx*.so"),
)


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """One that is installed in a folder of its own. `libraries` are versions of some it needs."""

    prefix: Path
    version: str
    libraries: Mapping[str, str]

    @property
    def name(self) -> str:
        """`python3.11`."""
        return f"python{self.version.rpartition('.')[0]}"

    @property
    def executable(self) -> Path:
        return self.prefix / "bin" / self.name

    def linked(self) -> dict[str, Path]:
        """The libraries of this machine that it needs."""
        modules = (self.prefix / "lib" / self.name / "lib-dynload").glob("*.so")
        found = [linked_libraries(file) for file in (self.executable, *modules)]
        return {
            name: place
            for libraries in found
            if all(map(is_packaged, libraries))
            for name, place in libraries.items()
        }


def interpreters() -> Iterator[Interpreter]:
    """Those that are installed. Raises MissingPartError without one of version REQUIRED."""
    for version in (REQUIRED, *OTHERS):
        found = next(_installed(version), None)
        if found is not None:
            yield found
        elif version == REQUIRED:
            raise MissingPartError(f"no python {version} is installed in a folder of its own")


def write_python(directory: Path, interpreter: Interpreter, *, pins: Mapping[str, str]) -> None:
    """Writes the package `python`. `pins` are the dependencies for libraries, by package."""
    with tempfile.TemporaryDirectory() as folder:
        staging = Path(folder)
        library = f"lib/{interpreter.name}"
        _copy(interpreter, staging)
        compile_modules(interpreter, staging / library, library)
        # Its source is another one in each prefix.
        for file in staging.glob(f"{library}/__pycache__/_sysconfigdata*.pyc"):
            file.unlink()
        _relocate(interpreter, staging)
        write_package(
            directory,
            name="python",
            version=interpreter.version,
            build="h0_0_cpython",
            files=files_below(staging),
            depends=[GLIBC, *pins_of(interpreter.linked(), pins)],
        )


def compile_modules(interpreter: Interpreter, folder: Path, path: str) -> None:
    """Compiles what is in the folder, which lies at this path in the prefix."""
    command: list[str | Path] = [
        *(interpreter.executable, "-s", "-m", "compileall", "-q"),
        *("-d", f"{PLACEHOLDER}/{path}"),
        # The same whenever it is made, and never compared with the source.
        *("--invalidation-mode", "unchecked-hash", folder),
    ]
    # Some modules are for other versions of Python: whatever can be compiled is.
    subprocess.run(
        command, cwd=folder.anchor, env={"PYTHONHASHSEED": "0"}, capture_output=True, check=False
    )


def _installed(version: str) -> Iterator[Interpreter]:
    name = f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    beside = Path(sys.base_prefix, "bin", name)
    # One on the PATH may be a shim of pyenv, which runs only the versions that are switched on.
    found = [beside, *pyenv.glob(f"versions/{version}.*/bin/{name}")]
    if on_path := shutil.which(name):
        found.append(Path(on_path))
    for executable in found:
        with contextlib.suppress(MissingPartError, FileNotFoundError):
            yield _interpreter(executable)


def _interpreter(executable: Path) -> Interpreter:
    command = [str(executable), "-I", "-c", FACTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingPartError(f"{executable}: {done.stderr.strip()}")
    facts = json.loads(done.stdout)
    prefix = Path(facts["prefix"])
    if prefix in (Path("/usr"), Path("/usr/local")):
        raise MissingPartError(f"{executable} is not in a folder of its own")
    return Interpreter(prefix=prefix, version=facts["version"], libraries=facts["libraries"])


def _copy(interpreter: Interpreter, staging: Path) -> None:
    source = interpreter.prefix
    library = Path("lib", interpreter.name)
    shutil.copytree(source / library, staging / library, ignore=LEFT_OUT)
    (staging / "bin").mkdir()
    files = [
        *(file for pattern in SCRIPTS for file in (source / "bin").glob(pattern)),
        *(source / "lib").glob("libpython*.so*"),
    ]
    for file in set(files):
        target = staging / file.relative_to(source)
        shutil.copy(file, target, follow_symlinks=False)
    for module in (staging / library / "lib-dynload").glob("*.so"):
        if not all(map(is_packaged, linked_libraries(source / module.relative_to(staging)))):
            module.unlink()
    # In place of its own prefix, as if it had been built in the other.
    for file in _files(staging):
        content = file.read_bytes()
        if b"\0" not in content and bytes(source) in content:
            file.write_bytes(content.replace(bytes(source), PLACEHOLDER.encode()))


def _relocate(interpreter: Interpreter, staging: Path) -> None:
    set_rpath(staging / "bin" / interpreter.name, "$ORIGIN/../lib")
    for file in (staging / "lib").glob("libpython*.so*"):
        if not file.is_symlink():
            set_rpath(file, "$ORIGIN")
    for file in (staging / "lib" / interpreter.name / "lib-dynload").glob("*.so"):
        set_rpath(file, "$ORIGIN/../..")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
