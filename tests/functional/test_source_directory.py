"""What the command says of a source directory, before it deploys it and when it is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = [sys.executable, "-m", "acideploy"]
SCRIPT = "def init():\n    pass\n\n\ndef run(data):\n    return data\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A source directory with a secret in it, beside its configuration files."""
    source = tmp_path / "project" / "src"
    source.mkdir(parents=True)
    (source / "score.py").write_text(SCRIPT)
    (source / ".env").write_text("PASSWORD=hunter2\n")
    (source / ".gitignore").write_text("*.csv\n[a\n")
    project = source.parent
    inference = {"entryScript": "score.py", "sourceDirectory": "src"}
    (project / "ic.json").write_text(json.dumps(inference))
    for kind in ("local", "aci"):
        (project / f"{kind}.json").write_text(json.dumps({"computeType": kind}))
    return project


def _run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=project,
        env={**os.environ, "ACIDEPLOY_HOME": str(project.parent / "home"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def _checked(project: Path, *arguments: str) -> Any:
    return json.loads(_run(project, "check", "-o", "json", "-ic", "ic.json", *arguments).stdout)


@pytest.mark.parametrize(
    "deployment", [(), ("-dc", "local.json"), ("-dc", "aci.json")], ids=["none", "local", "aci"]
)
def test_check_tells_of_the_source_directory(project: Path, deployment: tuple[str, ...]) -> None:
    problems = [each for each in _checked(project, *deployment) if "src/" in str(each["file"])]
    assert [(each["code"], each["file"], each["line"]) for each in problems] == [
        ("bad-ignore-rule", "src/.gitignore", 2),
        ("likely-secret", "src/.env", None),
    ]
    assert problems[1]["hint"] == "add `.env` to .gitignore"


def test_a_deploy_tells_it_once_and_goes_on(project: Path) -> None:
    files = ("-ic", "ic.json", "-dc", "local.json")
    done = _run(project, "model", "deploy", "-n", "svc", *files, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("[likely-secret]") == 1
    assert "hunter2" not in done.stderr + done.stdout


def test_a_strict_deploy_deploys_no_secret(project: Path) -> None:
    files = ("-ic", "ic.json", "-dc", "local.json")
    done = _run(project, "model", "deploy", "-n", "svc", *files, "--dry-run", "--strict")
    assert done.returncode == 3
    assert "[likely-secret]" in done.stderr


def test_check_tells_of_what_cannot_be_read(project: Path) -> None:
    (project / "src" / "model.pkl").symlink_to("gone.pkl")
    (problem,) = (each for each in _checked(project) if each["severity"] == "error")
    assert problem["code"] == "unreadable-file"
    assert "model.pkl is a link to gone.pkl" in problem["message"]
