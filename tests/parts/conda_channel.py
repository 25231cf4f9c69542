"""A conda channel of real packages, made here: none can be reached from everywhere.

    python           of each of 3.8, 3.9 and 3.11 that is installed, and the libraries they need
    numpy, scipy, scikit-learn    for Python 3.11
    joblib           in two versions, for every Python, as are
    threadpoolctl, pip, setuptools, wheel
    prefixed         a program that prints the prefix that it was linked to
    greeter          a script `greet`

Most are in the format `.conda`, some are `.tar.bz2`. A test that needs other packages makes a
channel of its own: `conda_package.py`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.cache import cache_directory, only_one_process
from tests.parts.conda_libraries import write_libraries
from tests.parts.conda_package import index
from tests.parts.conda_prefixed import write_greeter, write_prefixed
from tests.parts.conda_python import Interpreter, interpreters, write_python
from tests.parts.conda_wheels import WHEELS, unpack, write_wheel


@dataclass(frozen=True, kw_only=True)
class CondaChannel:
    """A folder that holds `linux-64/` and `noarch/`."""

    directory: Path

    @property
    def url(self) -> str:
        return self.directory.as_uri()


def conda_channel() -> CondaChannel:
    """The channel, made once and kept. Raises MissingPartError without what makes it."""
    # The first is the one that the wheels are for.
    found = tuple(interpreters())
    name = f"channel-{_recipe(found)}"
    directory = cache_directory("conda-channel") / name
    with only_one_process(directory.with_suffix(".lock")):
        if not directory.exists():
            unfinished = directory.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            _make(unfinished, found)
            unfinished.rename(directory)
    return CondaChannel(directory=directory)


def _recipe(found: tuple[Interpreter, ...]) -> str:
    """A word for what the channel is made of, and for how it is made."""
    code = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("conda_*.py")):
        code.update(file.read_bytes())
    of_this_machine = [(str(each.prefix), each.version, each.libraries) for each in found]
    code.update(json.dumps(of_this_machine).encode())
    return code.hexdigest()[:12]


def _make(directory: Path, found: tuple[Interpreter, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheels = [unpack(wheel, Path(folder, str(at))) for at, wheel in enumerate(WHEELS)]
        needed = [*(each.linked() for each in found), *(each.linked() for each in wheels)]
        linked = {name: place for libraries in needed for name, place in libraries.items()}
        versions = {name: value for each in found for name, value in each.libraries.items()}
        pins = write_libraries(directory, linked, versions=versions)
        with ThreadPoolExecutor(2) as workers:
            written = [
                *(workers.submit(write_python, directory, each, pins=pins) for each in found),
                *(
                    workers.submit(write_wheel, directory, each, python=found[0], pins=pins)
                    for each in wheels
                ),
            ]
        for each in written:
            each.result()
    write_prefixed(directory)
    write_greeter(directory)
    index(directory)
