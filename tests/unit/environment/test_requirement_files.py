"""Requirement files that a conda file names are read as if their lines stood in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.config.problem import Place
from acideploy.config.values import CondaEnvironment, Requirement
from acideploy.environment.requirement_files import with_requirement_files
from acideploy.errors import DependencyError


def lines(folder: Path, *pip: str) -> list[tuple[str, str]]:
    """The lines, each with its place."""
    asked = tuple(
        Requirement(text=text, place=Place(file="deploy/conda.yml", line=5, column=7))
        for text in pip
    )
    conda = CondaEnvironment(place=Place(file="deploy/conda.yml"), pip=asked)
    found = with_requirement_files(conda, folder).pip
    return [(each.text, str(each.place)) for each in found]


def test_every_line_has_its_place_and_comments_go(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("# why\nnumpy==1.0  # old\n\n  pandas>=1 \\\n  ,<2\n")
    assert lines(tmp_path, "flask", "-r more.txt") == [
        ("flask", "deploy/conda.yml:5:7"),
        ("numpy==1.0", "deploy/more.txt:2:1"),
        ("pandas>=1   ,<2", "deploy/more.txt:4:3"),
    ]


def test_files_name_others_relative_to_themselves(tmp_path: Path) -> None:
    (tmp_path / "reqs").mkdir()
    (tmp_path / "all.txt").write_text("-r reqs/base.txt\n--extra-index-url https://i.example\n")
    (tmp_path / "reqs" / "base.txt").write_text("azureml-defaults\n--requirement=../all.txt\n")
    assert lines(tmp_path, "-rall.txt") == [
        ("azureml-defaults", "deploy/reqs/base.txt:1:1"),
        ("--extra-index-url https://i.example", "deploy/all.txt:2:1"),
    ]


@pytest.mark.parametrize(
    "line",
    ["numpy==1.0 --hash=sha256:00", "./own.whl", "-f wheels", "-c limits.txt", "own @ ./own"],
)
def test_a_file_with_what_only_uv_understands_is_left_to_it(tmp_path: Path, line: str) -> None:
    (tmp_path / "more.txt").write_text(f"flask\n{line}\n")
    assert lines(tmp_path, "-r more.txt") == [("-r more.txt", "deploy/conda.yml:5:7")]


def test_words_behind_the_name_of_a_file_are_nothing_as_for_pip(tmp_path: Path) -> None:
    [(text, _)] = lines(tmp_path, "-r https://example.org/all.txt [--no-deps]")
    assert text == "-r https://example.org/all.txt"


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("-r nope.txt", "nope.txt"),
        ("./wheels/own-1.0-py3-none-any.whl", "./wheels/own-1.0-py3-none-any.whl"),
        ("own-1.0.tar.gz ; python_version > '3'", "own-1.0.tar.gz"),
        ("../library[extra]", "../library"),
    ],
)
def test_a_file_that_is_not_there_is_told_at_its_line(
    tmp_path: Path, line: str, missing: str
) -> None:
    with pytest.raises(DependencyError) as failure:
        lines(tmp_path / "deploy", line)
    assert failure.value.message == f"there is no file {missing}"
    assert str(failure.value.place) == "deploy/conda.yml:5:7"
    assert "relative to its own folder" in str(failure.value.hint)
