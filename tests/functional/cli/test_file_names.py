"""Files are called what was typed, as compilers do: editors and scripts find them again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "acideploy"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """`here`, a folder to stand in, and `bad` beside it, with files that are wrong."""
    (tmp_path / "here").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "ic.json").write_text("[]")
    (tmp_path / "bad" / "dc.json").write_text("[]")
    (tmp_path / "here" / "ic.json").write_text("[]")
    return tmp_path


def check(directory: Path, *arguments: str) -> list[str]:
    """The files of the problems, each once."""
    done = subprocess.run(
        [*PROGRAM, "check", "-o", "json", *arguments],
        cwd=directory,
        env={**os.environ, "ACIDEPLOY_HOME": str(directory / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    return list(dict.fromkeys(problem["file"] for problem in json.loads(done.stdout)))


@pytest.mark.parametrize("typed", ["ic.json", "../bad/ic.json", "../here/ic.json"])
def test_a_relative_name_is_shown_as_typed(project: Path, typed: str) -> None:
    assert check(project / "here", "-ic", typed) == [typed]


@pytest.mark.parametrize("folder", ["here", "bad"])
def test_an_absolute_name_is_shown_as_typed(project: Path, folder: str) -> None:
    typed = str(project / folder / "ic.json")
    assert check(project / "here", "-ic", typed) == [typed]


def test_both_files_are_shown_as_typed(project: Path) -> None:
    typed = ["../bad/ic.json", str(project / "bad" / "dc.json")]
    assert check(project / "here", "-ic", typed[0], "-dc", typed[1]) == typed


@pytest.mark.parametrize("typed", ["../bad/no.json", "/no/such/no.json"])
def test_a_file_that_is_not_there_is_shown_as_typed(project: Path, typed: str) -> None:
    assert check(project / "here", "-ic", typed) == [typed]


def test_an_absolute_name_keeps_its_slash_at_the_root(project: Path) -> None:
    (project / "bad" / "ic.json").write_text('{"entryScript": "score.py", "condaFile": "c.yml"}')
    (project / "bad" / "score.py").write_text("def init(: pass")
    (project / "bad" / "c.yml").write_text("[]")
    done = subprocess.run(
        [*PROGRAM, "check", "-o", "json", "-ic", str(project / "bad" / "ic.json")],
        cwd="/",
        env={**os.environ, "ACIDEPLOY_HOME": str(project / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    files = {problem["file"] for problem in json.loads(done.stdout)}
    assert files == {str(project / "bad" / name) for name in ("ic.json", "score.py", "c.yml")}
