"""The installed command, in a workspace of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.azure_project import azure as azure
from tests.e2e.azure_project import project as project

ROOT = Path(__file__).parents[2]
# Environments are made once and shared: their names say what is in them.
ENVIRONMENTS = ROOT / ".cache" / "workspace-environments"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

ECHO = """
import json, os

def init():
    global greeting
    greeting = "hello"

def run(data):
    return {"greeting": greeting, "data": json.loads(data)}
"""


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and its exit code."""

    code: int
    stdout: str
    stderr: str

    @property
    def result(self) -> Any:
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Workspace:
    """Runs `acideploy` in `directory`, which holds a project that deploys."""

    directory: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "acideploy", *arguments],
            cwd=self.directory,
            env={**os.environ, **self.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, expect: int = 0, **variables: str) -> Outcome:
        process = self.start(*arguments, **variables)
        stdout, stderr = process.communicate(timeout=240)
        outcome = Outcome(process.returncode, stdout, stderr)
        assert outcome.code == expect, f"{arguments}: exit {outcome.code}\n{stdout}\n{stderr}"
        assert "Traceback" not in stderr or "last lines of the log" in stderr
        return outcome

    def write(self, name: str, content: str | Mapping[str, Any]) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def deploy(self, *flags: str, name: str = "echo-svc", expect: int = 0) -> Outcome:
        files = ("-ic", "inference.json", "-dc", "deployment.json")
        return self.run("model", "deploy", "-n", name, *files, *flags, expect=expect)

    def show(self, name: str = "echo-svc") -> Any:
        return self.run("service", "show", "-n", name, "-v").result

    def score(self, data: object = 1, *, name: str = "echo-svc") -> Any:
        return self.run("service", "run", "-n", name, "-d", json.dumps(data)).result

    @property
    def services(self) -> Path:
        return Path(self.variables["ACIDEPLOY_HOME"]) / "services"

    def server_processes(self) -> list[int]:
        """The process ids of all servers of this workspace."""
        import psutil

        found = []
        for process in psutil.process_iter():
            try:
                if process.cwd().startswith(str(self.services)):
                    found.append(process.pid)
            except psutil.Error:
                continue
        return found


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """An empty workspace, and a project whose service echoes what it is sent."""
    home = tmp_path / "home"
    home.mkdir()
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    (home / "environments").symlink_to(ENVIRONMENTS)
    project = tmp_path / "project"
    variables = {"ACIDEPLOY_HOME": str(home), "CI": "true", "NO_COLOR": "1"}
    workspace = Workspace(project, variables)
    workspace.write("score.py", ECHO)
    conda = f"dependencies:\n- python={PYTHON}\n- pip:\n  - azureml-defaults\n"
    workspace.write("conda.yml", conda)
    inference = {"entryScript": "score.py", "runtime": "python", "condaFile": "conda.yml"}
    workspace.write("inference.json", inference)
    workspace.write("deployment.json", {"computeType": "local"})
    try:
        yield workspace
    finally:
        for pid in workspace.server_processes():
            os.kill(pid, signal.SIGKILL)
