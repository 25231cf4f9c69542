"""What is deployed of a source directory, whatever its ignore files say."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from acideploy.code.selection import everything_in, select, why_left_out
from acideploy.errors import StorageError
from tests.unit.code.source_trees import deployed, plant, write


@pytest.mark.parametrize(
    "name",
    [
        *(".git/config", ".git", ".hg/store", ".svn/entries", ".azureml/config.json"),
        *("__pycache__/a.pyc", "sub/.ipynb_checkpoints/a.ipynb", ".pytest_cache/x"),
        *(".mypy_cache/x", ".ruff_cache/x", ".tox/x", ".nox/x", "node_modules/a/index.js"),
        *(".DS_Store", "sub/.DS_Store", ".amlignore", ".gitignore", ".dockerignore"),
        *("env/pyvenv.cfg", ".venv/pyvenv.cfg", "conda/conda-meta/history"),
    ],
)
def test_what_tools_leave_about_is_not_deployed(tmp_path: Path, name: str) -> None:
    assert deployed(plant(tmp_path, name)) == set()


@pytest.mark.parametrize(
    "name",
    [
        *("build/model.py", "dist/a.py", "env/settings.py", "venv/a.py", ".venv/a.py", "lib/a.py"),
        *(".cache/weights.bin", "a.egg-info/PKG-INFO", "conda-meta.py", ".env", "tests/test_a.py"),
    ],
)
def test_what_a_script_may_need_is_deployed(tmp_path: Path, name: str) -> None:
    assert deployed(plant(tmp_path, name)) == {name}


def test_no_rule_brings_back_what_is_never_deployed(tmp_path: Path) -> None:
    source = plant(tmp_path, ".git/a.py", "node_modules/a.py", gitignore="*\n!*/\n!*.py\n")
    assert deployed(source) == set()


def test_a_compiled_module_is_deployed_where_its_source_is_not_there(tmp_path: Path) -> None:
    assert deployed(plant(tmp_path, "a.py", "a.pyc", "closed.pyc")) == {"a.py", "closed.pyc"}


def test_a_folder_that_only_a_gitignore_keeps_is_deployed(tmp_path: Path) -> None:
    source = plant(tmp_path, "logs/today.log", "data/raw.csv")
    write(source, {"logs/.gitignore": "*\n!.gitignore\n", "data/.gitignore": "*\n"})
    assert deployed(source) == {"logs/.gitignore"}


def test_the_entry_script_is_deployed_whatever_a_rule_says(tmp_path: Path) -> None:
    source = plant(tmp_path, "pkg/main.py", "pkg/other.py", gitignore="# mine\npkg/\n")
    selection = select(source, script="pkg/main.py", leave_out=None)
    assert [file.name for file in selection.files] == ["pkg/main.py", "score.py"]
    assert selection.overruled is not None
    assert selection.overruled.text == "line 2 of .gitignore leaves pkg/ out"
    assert str(selection.overruled.place) == f"{source / '.gitignore'}:2:1"


def test_an_entry_script_that_no_rule_leaves_out_is_not_remarked_on(tmp_path: Path) -> None:
    source = plant(tmp_path, gitignore="*\n!score.py\n")
    assert select(source, script="score.py", leave_out=None).overruled is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.csv", "line 1 of .gitignore leaves it out"),
        ("sub/b.txt", "line 2 of sub/.gitignore leaves it out"),
        ("data/x", "line 2 of .dockerignore leaves it out"),
        ("data/raw/x", "line 2 of .dockerignore leaves data/raw/ out"),
        ("gone/deep/x", "line 1 of .dockerignore leaves gone/ out"),
        ("gone", "line 1 of .dockerignore leaves gone/ out"),
        ("env/a.py", "acideploy leaves out env, a virtual environment"),
        ("sub/__pycache__", "acideploy leaves __pycache__ out"),
        ("old.pyc", "acideploy leaves out old.pyc, which Python makes again"),
    ],
)
def test_why_something_is_left_out_can_be_asked(tmp_path: Path, name: str, reason: str) -> None:
    source = plant(
        tmp_path,
        *(
            "a.csv",
            "sub/b.txt",
            "data/x",
            "data/raw/x",
            "data/keep",
            "gone/deep/x",
            "env/pyvenv.cfg",
        ),
        *("env/a.py", "sub/__pycache__/a.pyc", "old.py", "old.pyc"),
        gitignore="*.csv\n",
        dockerignore="gone\ndata\n!data/keep\n",
    )
    write(source, {"sub/.gitignore": "\n*.txt\n"})
    found = why_left_out(source, name)
    assert found is not None
    assert found.text == reason
    assert name not in deployed(source)


@pytest.mark.parametrize("name", ["score.py", "data/keep", "data", "."])
def test_there_is_no_reason_for_what_is_deployed(tmp_path: Path, name: str) -> None:
    source = plant(tmp_path, "data/keep", "data/x", dockerignore="data\n!data/keep\n")
    assert why_left_out(source, name) is None


def test_links_are_followed_but_not_upwards(tmp_path: Path) -> None:
    source = plant(tmp_path / "src", "pkg/a.py")
    plant(tmp_path / "shared", "b.py")
    (source / "shared").symlink_to(tmp_path / "shared")
    (source / "pkg" / "up").symlink_to(source)
    (source / "pkg" / "c.py").symlink_to(source / "score.py")
    assert deployed(source) == {"pkg/a.py", "pkg/c.py", "shared/b.py", "shared/score.py"}


def test_a_source_directory_may_be_a_link(tmp_path: Path) -> None:
    source = plant(tmp_path / "real", "a.csv", "b.py", gitignore="*.csv")
    (tmp_path / "link").symlink_to(source)
    assert deployed(tmp_path / "link") == {"b.py"}


def test_a_link_to_nothing_is_told(tmp_path: Path) -> None:
    source = plant(tmp_path)
    (source / "model.pkl").symlink_to("gone.pkl")
    with pytest.raises(StorageError, match=r"model\.pkl is a link to gone\.pkl, which does not"):
        deployed(source)


@pytest.mark.parametrize("target", ["gone", "loop"])
def test_a_link_that_is_left_out_may_lead_nowhere(tmp_path: Path, target: str) -> None:
    source = plant(tmp_path, gitignore="loop\n")
    (source / "loop").symlink_to(target)
    assert deployed(source) == set()


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of folders that may not be read, by root neither."""

    def scandir(path: str) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return opened(path)

    opened = os.scandir
    monkeypatch.setattr(os, "scandir", scandir)
    return "closed"


def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path, closed: str) -> None:
    source = plant(tmp_path, f"{closed}/x")
    with pytest.raises(StorageError, match=r"cannot read .*closed: permission denied"):
        deployed(source)


@pytest.mark.parametrize("kind", ["gitignore", "amlignore", "dockerignore"])
def test_a_folder_that_is_left_out_is_not_opened(tmp_path: Path, closed: str, kind: str) -> None:
    assert deployed(plant(tmp_path, f"{closed}/x", **{kind: "closed\n!a/*.py\n"})) == set()


def test_names_may_hold_any_byte(tmp_path: Path) -> None:
    names = {os.fsdecode(b"caf\xe9"), "two\nlines", "größe", " space "}
    source = plant(tmp_path, *names, gitignore="x\n")
    assert deployed(source) == names


def test_the_state_directory_is_no_part_of_the_code(tmp_path: Path) -> None:
    source = plant(tmp_path, "home/store/index.json", "a.py")
    assert deployed(source, leave_out=(source / "home").resolve()) == {"a.py"}


def test_files_are_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    names = ["a/b", "a.b", "a-b", "B", "é", "z"]
    selection = select(plant(tmp_path, *names), script="score.py", leave_out=None)
    found = [file.name for file in selection.files]
    assert found == sorted([*names, "score.py"], key=os.fsencode)


def test_what_was_deployed_before_is_taken_as_it_is(tmp_path: Path) -> None:
    copy = plant(tmp_path, "node_modules/a.js", "sub/a.csv", "__pycache__/a.pyc")
    write(copy, {"sub/.gitignore": "*"})
    found = {file.name for file in everything_in(copy)}
    assert found == {"score.py", "node_modules/a.js", "sub/a.csv", "sub/.gitignore"}
