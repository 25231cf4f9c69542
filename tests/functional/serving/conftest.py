"""A service round a script that a test writes."""

from __future__ import annotations

import contextlib
import os
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.serving_process import ServingProcess, Start, serving, serving_environment


@pytest.fixture(scope="session")
def serving_python() -> Path:
    """`ACIDEPLOY_TEST_SERVING_PYTHON=3.8` runs these tests on what Python 3.8 is given."""
    return serving_environment(python=os.environ.get("ACIDEPLOY_TEST_SERVING_PYTHON"))


@pytest.fixture
def start(serving_python: Path, tmp_path: Path) -> Iterator[Start]:
    with contextlib.ExitStack() as services:

        def start(
            script: str,
            variables: Mapping[str, str] | None = None,
            *,
            name: str = "app",
            port: int | None = None,
            tls: Path | None = None,
            wait: bool = True,
        ) -> ServingProcess:
            app_root = tmp_path / name
            app_root.mkdir(exist_ok=True)
            (app_root / "score.py").write_text(textwrap.dedent(script))
            service = services.enter_context(
                serving(serving_python, app_root, port=port, variables=variables, tls=tls)
            )
            return service.wait_until_ready() if wait else service

        yield start
