"""What is told of a source directory before it is deployed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from acideploy.code import Code, code_of
from acideploy.code.problems import code_problems
from acideploy.config.problem import Problem
from acideploy.config.values import InferenceConfig
from tests.unit.code.source_trees import plant, write


def _code(source: Path, script: str = "score.py") -> Code:
    return code_of(InferenceConfig(entry_script=source / script, source_directory=source))


def _problems(source: Path, script: str = "score.py") -> tuple[Problem, ...]:
    return code_problems(_code(source, script), cwd=source.parent)


def test_there_is_nothing_to_say_of_an_ordinary_directory(tmp_path: Path) -> None:
    assert _problems(plant(tmp_path, "a.py", gitignore="*.csv\n")) == ()


def test_a_secret_is_told_with_its_place_and_not_with_its_text(tmp_path: Path) -> None:
    source = write(plant(tmp_path), {"home/.netrc": "machine a\npassword hunter2\n"})
    (problem,) = _problems(source)
    assert (problem.code, problem.severity) == ("likely-secret", "warning")
    assert problem.message == "home/.netrc is deployed with the code, and likely holds a password"
    assert str(problem.place) == f"{source.name}/home/.netrc:2:1"
    assert "hunter2" not in repr(problem)


@pytest.mark.parametrize(
    ("there", "named"),
    [
        ([], ".amlignore"),
        ([".gitignore"], ".gitignore"),
        ([".dockerignore"], ".dockerignore"),
        ([".gitignore", ".dockerignore"], ".gitignore"),
        ([".amlignore", ".gitignore"], ".amlignore"),
    ],
)
def test_the_hint_names_the_ignore_file_that_counts(
    tmp_path: Path, there: list[str], named: str
) -> None:
    source = write(plant(tmp_path), {**dict.fromkeys(there, ""), ".env": "A=1"})
    (problem,) = _problems(source)
    assert problem.hint == f"add `.env` to {named}"
    write(source, {named: ".env\n"})
    assert _problems(source) == ()


def test_of_many_secrets_ten_are_told(tmp_path: Path) -> None:
    problems = _problems(write(plant(tmp_path), {f"{n:02}/.env": "A=1" for n in range(13)}))
    assert len(problems) == 11
    assert problems[-1].message == "... and 3 more"


def test_ten_secrets_are_told_and_no_more_counted(tmp_path: Path) -> None:
    assert len(_problems(write(plant(tmp_path), {f"{n}/.env": "A=1" for n in range(10)}))) == 10


def test_an_entry_script_that_a_rule_leaves_out_is_told(tmp_path: Path) -> None:
    source = plant(tmp_path, "a.py", gitignore="# all of it\n*.py\n")
    (problem,) = _problems(source)
    assert (problem.code, problem.severity) == ("entry-script-ignored", "warning")
    assert "score.py is deployed all the same: line 2 of .gitignore leaves it out" in (
        problem.message
    )
    assert str(problem.place) == f"{source.name}/.gitignore:2:1"


def test_an_entry_script_in_a_virtual_environment_is_told(tmp_path: Path) -> None:
    (problem,) = _problems(plant(tmp_path, "env/main.py", "env/pyvenv.cfg"), "env/main.py")
    assert problem.code == "entry-script-ignored"
    assert "a virtual environment" in problem.message


def test_a_large_directory_is_told_with_what_makes_it_large(tmp_path: Path) -> None:
    source = plant(tmp_path, "data/a.bin", "data/b.bin", "model.bin", "c.bin", "d.bin")
    for name, megabytes in (("data/a", 40), ("data/b", 20), ("model", 41), ("c", 2), ("d", 1)):
        os.truncate(source / f"{name}.bin", megabytes * 1_000_000)
    (problem,) = _problems(source)
    assert (problem.code, problem.severity) == ("large-source", "warning")
    assert "104.0 MB" in problem.message
    assert problem.message.endswith("data/ 60.0 MB, model.bin 41.0 MB, c.bin 2.0 MB")
    assert str(problem.place) == source.name
    assert "acideploy model register" in str(problem.hint)


def test_a_hundred_megabytes_are_not_large_and_what_is_left_out_does_not_count(
    tmp_path: Path,
) -> None:
    source = plant(tmp_path, "a.bin", "b.csv", gitignore="*.csv")
    os.truncate(source / "a.bin", 100_000_000)
    os.truncate(source / "b.csv", 500_000_000)
    assert _problems(source) == ()


def test_what_makes_no_difference_is_not_told_as_large(tmp_path: Path) -> None:
    source = plant(tmp_path, "a.bin", "b.bin")
    os.truncate(source / "a.bin", 200_000_000)
    os.truncate(source / "b.bin", 900_000)
    (problem,) = _problems(source)
    assert problem.message.endswith(": a.bin 200.0 MB")


def test_an_ignore_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    source = plant(tmp_path)
    (source / ".amlignore").write_bytes(b"\0\1")
    assert [problem.severity for problem in _problems(source)] == ["error"]


def test_a_script_alone_says_nothing_of_its_folder(tmp_path: Path) -> None:
    write(plant(tmp_path), {".env": "A=1"})
    code = code_of(InferenceConfig(entry_script=tmp_path / "score.py"))
    assert code_problems(code, cwd=tmp_path) == ()


def test_names_that_no_terminal_can_show_are_escaped(tmp_path: Path) -> None:
    source = plant(tmp_path / os.fsdecode(b"caf\xe9"), gitignore="[a\n")
    write(source, {".env": "A=1"})
    for problem in _problems(source):
        assert f"{problem.place} {problem.message}".isprintable()
