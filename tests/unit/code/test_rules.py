"""An ignore file, line by line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from acideploy.code.rules import RuleSet, read_docker_rules, read_git_rules
from acideploy.errors import StorageError


def _git(tmp_path: Path, content: str | bytes) -> RuleSet:
    file = tmp_path / ".gitignore"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_git_rules(file)


def _docker(tmp_path: Path, content: str) -> RuleSet:
    file = tmp_path / ".dockerignore"
    file.write_text(content)
    return read_docker_rules(file)


def _patterns(rules: RuleSet) -> list[str]:
    return [f"{'!' if rule.keeps else ''}{rule.pattern}" for rule in rules.rules]


def test_comments_and_blank_lines_say_nothing(tmp_path: Path) -> None:
    assert _patterns(_git(tmp_path, "# data\n\n   \n*.csv\n")) == ["*.csv"]
    assert _patterns(_docker(tmp_path, "# data\n\n  \n*.csv\n")) == ["*.csv"]


@pytest.mark.parametrize(
    "content",
    [
        b"*.csv\r\n!a.csv\r\n",
        b"\xef\xbb\xbf*.csv\n!a.csv",
        "\ufeff*.csv\n!a.csv".encode("utf-16-le"),
    ],
    ids=["CRLF", "byte order mark", "PowerShell"],
)
def test_what_editors_and_shells_write_is_read(tmp_path: Path, content: bytes) -> None:
    assert _patterns(_git(tmp_path, content)) == ["*.csv", "!a.csv"]


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("a  ", "a"),
        ("a\\ ", "a\\ "),
        ("a\\  ", "a\\ "),
        ("  a", "  a"),
        ("a b", "a b"),
        ("!a ", "!a"),
        ("\\!a", "\\!a"),
    ],
)
def test_git_drops_spaces_at_the_end_of_a_line_alone(
    tmp_path: Path, line: str, pattern: str
) -> None:
    assert _patterns(_git(tmp_path, line)) == [pattern]


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("  a  ", "a"),
        ("/a/", "a"),
        ("./a//b/../c", "a/c"),
        ("! a", "!a"),
        ("!/a/", "!a"),
        ("../a", "../a"),
    ],
)
def test_docker_cleans_a_line_as_go_does(tmp_path: Path, line: str, pattern: str) -> None:
    assert _patterns(_docker(tmp_path, line)) == [pattern]


def test_the_last_rule_that_matches_counts(tmp_path: Path) -> None:
    rules = _git(tmp_path, "*.csv\n!a.csv\na.*\n")
    assert [rules.last(path, is_folder=False) for path in ("a.csv", "b.csv", "b.txt")] == [3, 1, 0]


def test_a_slash_at_the_end_means_folders(tmp_path: Path) -> None:
    rules = _git(tmp_path, "data/\n")
    assert rules.last("data", is_folder=True) == 1
    assert rules.last("data", is_folder=False) == 0


def test_a_rule_knows_its_line(tmp_path: Path) -> None:
    (rule,) = _git(tmp_path, "# a\n\n*.csv\n").rules
    assert str(rule.place) == f"{tmp_path / '.gitignore'}:3:1"
    assert rule.place.text == "*.csv"


def test_names_that_are_not_utf8_can_be_matched(tmp_path: Path) -> None:
    rules = _git(tmp_path, b"caf\xe9\n")
    assert rules.last(os.fsdecode(b"caf\xe9"), is_folder=False) == 1
    assert (rules.rules[0].place.text or "").isprintable()


def test_a_name_may_hold_a_line_break(tmp_path: Path) -> None:
    for rules in (_git(tmp_path, "data/**\n"), _docker(tmp_path, "data/**\n")):
        assert rules.last("data/two\nlines", is_folder=False) == 1


@pytest.mark.parametrize("line", ["[a", "a\\"])
def test_a_line_that_is_no_pattern_is_told_and_the_others_count(tmp_path: Path, line: str) -> None:
    for rules in (_git(tmp_path, f"{line}\n*.csv\n"), _docker(tmp_path, f"{line}\n*.csv\n")):
        assert _patterns(rules) == ["*.csv"]
        (problem,) = rules.problems
        assert (problem.code, problem.severity) == ("bad-ignore-rule", "warning")
        assert problem.place is not None
        assert problem.place.line == 1


def test_a_lone_exclamation_mark_is_no_pattern_to_docker(tmp_path: Path) -> None:
    assert [problem.code for problem in _docker(tmp_path, "!\n").problems] == ["bad-ignore-rule"]


def test_what_is_not_text_stops_the_deploy(tmp_path: Path) -> None:
    rules = _git(tmp_path, b"*.csv\n\0\1\2")
    assert rules.rules == ()
    assert [(each.code, each.severity) for each in rules.problems] == [("bad-encoding", "error")]


def test_an_ignore_file_that_cannot_be_read_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot read .*\.gitignore"):
        read_git_rules(tmp_path / ".gitignore")
