"""Which ignore files count, and how they work together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.code.source_trees import deployed, plant, write


def test_gitignore_leaves_files_out(tmp_path: Path) -> None:
    source = plant(tmp_path, "a.csv", "data/b.csv", "a.py", gitignore="*.csv\n")
    assert deployed(source) == {"a.py"}


def test_what_gitignore_or_dockerignore_leaves_out_is_left_out(tmp_path: Path) -> None:
    source = plant(tmp_path, "a.csv", "b.txt", "c.py", gitignore="*.csv", dockerignore="*.txt")
    assert deployed(source) == {"c.py"}


def test_neither_keeps_what_the_other_leaves_out(tmp_path: Path) -> None:
    source = plant(
        tmp_path, "a.csv", "b.txt", gitignore="*.csv\n!b.txt", dockerignore="*.txt\n!a.csv"
    )
    assert deployed(source) == set()


def test_an_amlignore_stands_for_all_others(tmp_path: Path) -> None:
    source = plant(
        tmp_path,
        *("a.csv", "b.txt", "c.log", "sub/d.csv"),
        amlignore="*.log",
        gitignore="*.csv",
        dockerignore="*.txt",
    )
    write(source, {"sub/.gitignore": "*"})
    assert deployed(source) == {"a.csv", "b.txt", "sub/d.csv"}


def test_an_amlignore_without_rules_deploys_everything(tmp_path: Path) -> None:
    assert deployed(plant(tmp_path, "a.csv", amlignore="", gitignore="*")) == {"a.csv"}


@pytest.mark.parametrize("name", [".gitignore", ".amlignore"])
def test_a_deeper_file_wins_in_its_own_folder(tmp_path: Path, name: str) -> None:
    source = plant(tmp_path, "a.csv", "keep/a.csv", "keep/deep/b.csv", "other/a.csv")
    write(source, {name: "*.csv\n", f"keep/{name}": "!*.csv\n/deep/b.csv\n"})
    assert deployed(source) == {"keep/a.csv"}


def test_a_file_of_another_kind_in_a_folder_does_not_count(tmp_path: Path) -> None:
    source = plant(tmp_path, "sub/a.csv", gitignore="*.log")
    write(source, {"sub/.amlignore": "*", "sub/.dockerignore": "*"})
    assert "sub/a.csv" in deployed(source)


def test_files_above_the_source_directory_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "*", ".dockerignore": "*"})
    assert deployed(plant(tmp_path / "src", "a.csv")) == {"a.csv"}


@pytest.mark.parametrize("name", [".gitignore", ".amlignore", ".dockerignore"])
def test_a_folder_called_like_an_ignore_file_says_nothing(tmp_path: Path, name: str) -> None:
    assert deployed(plant(tmp_path, f"{name}/x", "a.csv")) == {"a.csv"}


def test_what_lies_in_a_folder_that_git_left_out_cannot_come_back(tmp_path: Path) -> None:
    source = plant(tmp_path, "data/labels.json", gitignore="data\n!data/labels.json\n")
    assert deployed(source) == set()


def test_what_lies_in_a_folder_that_docker_left_out_can_come_back(tmp_path: Path) -> None:
    source = plant(
        tmp_path,
        *("data/labels.json", "data/raw/x.csv", "data/deep/keep.py"),
        dockerignore="data\n!data/labels.json\n!**/keep.py\n",
    )
    assert deployed(source) == {"data/labels.json", "data/deep/keep.py"}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("*\n!keep.py\n", {"keep.py"}),
        ("*\n!*/\n!*.py\n", {"keep.py", "pkg/a.py"}),
        ("*\n!pkg/\n!pkg/**\n", {"pkg/a.py", "pkg/b.json"}),
        ("/*\n!/pkg\n", {"pkg/a.py", "pkg/b.json"}),
        ("pkg/**\n!pkg/b.json\n", {"keep.py", "pkg/b.json"}),
        ("!*.py\n*.py\n", {"pkg/b.json"}),
    ],
)
def test_gits_idioms_for_keeping_a_few_files_work(
    tmp_path: Path, rules: str, expected: set[str]
) -> None:
    assert (
        deployed(plant(tmp_path, "keep.py", "pkg/a.py", "pkg/b.json", gitignore=rules)) == expected
    )


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("*\n!keep.py\n", {"keep.py"}),
        ("**\n!**/*.py\n", {"keep.py", "pkg/a.py"}),
        ("pkg\n!pkg/b.json\n", {"keep.py", "pkg/b.json"}),
        ("*.json\n", {"keep.py", "pkg/a.py", "pkg/b.json"}),
        ("KEEP.PY\n", {"keep.py", "pkg/a.py", "pkg/b.json"}),
        # Docker does not ask `!pkg` about pkg itself, which nothing has left out.
        ("pkg/*\n!pkg\n", {"keep.py"}),
    ],
)
def test_dockers_idioms_for_keeping_a_few_files_work(
    tmp_path: Path, rules: str, expected: set[str]
) -> None:
    source = plant(tmp_path, "keep.py", "pkg/a.py", "pkg/b.json", dockerignore=rules)
    assert deployed(source) == expected


def test_problems_of_all_files_are_told(tmp_path: Path) -> None:
    from acideploy.code.selection import select

    source = plant(tmp_path, "sub/a.py", gitignore="[a", dockerignore="[b")
    write(source, {"sub/.gitignore": "[c"})
    problems = select(source, script="score.py", leave_out=None).problems
    assert [problem.place.text for problem in problems if problem.place] == ["[a", "[b", "[c"]
