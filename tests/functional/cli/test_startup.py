from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("azure", "jsonschema", "rich", "yaml", "jmespath", "acideploy.api", "platformdirs")

RUN = """
import sys
from acideploy.cli.root import run
code = run(sys.argv[1:])
sys.stderr.write(",".join(sorted(sys.modules)))
"""


def modules_after(*arguments: str, **variables: str) -> set[str]:
    """The modules that a process has loaded when a command has ended."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout
    return set(done.stderr.split(","))


def heavy(modules: set[str]) -> list[str]:
    return [name for name in HEAVY if name in modules]


@pytest.mark.parametrize(
    "arguments", ["--help", "model --help", "model deploy --help", "service run -h", "--version"]
)
def test_help_loads_nothing_heavy(arguments: str) -> None:
    assert heavy(modules_after(*arguments.split())) == []


@pytest.mark.parametrize(
    "line",
    [
        "acideploy ",
        "acideploy model ",
        "acideploy model deploy --",
        "acideploy service show -n ",
        "acideploy model deploy -m ",
    ],
)
def test_completion_loads_nothing_heavy(line: str, tmp_path: Path) -> None:
    (tmp_path / "services" / "iris-svc").mkdir(parents=True)
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "index.json").write_text(
        '{"manifests": [{"annotations": {"org.opencontainers.image.ref.name": "models/iris:1"}}]}'
    )
    modules = modules_after(
        _ACIDEPLOY_COMPLETE="bash_complete", ACIDEPLOY_LINE=line, ACIDEPLOY_HOME=str(tmp_path)
    )
    assert heavy(modules) == []
