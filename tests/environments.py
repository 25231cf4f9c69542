"""Virtual environments for tests that run what acideploy itself does not depend on."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest
import uv

from acideploy.environment.interpreter import find_interpreter
from acideploy.errors import DependencyError
from tests.cache import cache_directory, only_one_process

NO_NETWORK = re.compile(
    r"dns error|error sending request|Failed to fetch|Failed to connect|operation timed out", re.I
)


def environment(
    requirements: Sequence[str], *, python: str | None = None, overrides: Path | None = None
) -> Path:
    """The interpreter of a virtual environment with these packages, made once and kept.

    It is kept in a folder named by what was asked, below `ACIDEPLOY_TEST_CACHE` or else
    `.cache/environments`. `python` is a version, by default the one that runs the tests;
    `overrides` is a file for uv. Skips the test, or with CI=true fails it, where the interpreter or
    the package index is out of reach.
    """
    version = python or f"{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = _interpreter(version)
    asked = json.dumps([interpreter, sorted(requirements)])
    name = f"python{version}-{hashlib.sha256(asked.encode()).hexdigest()[:12]}"
    directory = cache_directory("environments") / name
    with only_one_process(directory.with_suffix(".lock")):
        if not (directory / "complete").exists():
            shutil.rmtree(directory, ignore_errors=True)
            _uv("venv", "--quiet", "--python", interpreter, str(directory))
            options = ["--overrides", str(overrides)] if overrides else []
            _uv("pip", "install", "--quiet", "--python", str(directory), *options, *requirements)
            (directory / "complete").touch()
    return directory / "bin" / "python"


def unavailable(reason: str) -> NoReturn:
    """Skips the test for want of a part; fails it where every part should be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _interpreter(version: str) -> str:
    try:
        return str(find_interpreter(version).resolve())
    except DependencyError as error:
        return unavailable(error.message)


def _uv(*arguments: str) -> None:
    command = [uv.find_uv_bin(), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        if NO_NETWORK.search(done.stderr):
            unavailable(f"the package index cannot be reached: {done.stderr.strip()[:300]}")
        pytest.fail(f"{' '.join(arguments)}: {done.stderr}")
