"""Patterns of git and of Docker, each with paths that they match and do not match."""

from __future__ import annotations

import re

import pytest

from acideploy.code.patterns import docker_pattern, git_pattern

GIT = [
    ("*.csv", "a.csv data/a.csv .csv", "a.csvx a.CSV"),
    ("data", "data src/data", "data/a mydata"),
    ("/data", "data", "src/data"),
    ("src/data", "src/data", "data lib/src/data"),
    ("data/*", "data/a", "data data/a/b"),
    ("data/**", "data/a data/a/b", "data"),
    ("**/data", "data src/data a/b/data", "data/a"),
    ("src/**/data", "src/data src/a/data src/a/b/data", "src srcdata"),
    ("a**b", "ab axxb src/axb", "a/b"),
    # Not as documented, but as git has it.
    ("/a**", "a ab ab/c", "ba b/a"),
    ("a?c", "abc aéc", "ac a/c"),
    ("[a-c]x", "ax bx", "dx [a-c]x"),
    ("[!a-c]x", "dx", "ax /x"),
    ("[^a]", "b", "a"),
    ("[]x]", "] x", "[ a"),
    ("[a-]", "a -", "b"),
    ("[z-a]", "z", "a m"),
    (r"[\]a]", "] a", "\\"),
    ("[[:digit:]x]", "1 x", "a : d"),
    (r"\*", "*", "a"),
    (r"\#c", "#c", r"\#c"),
    ("a.b", "a.b", "axb"),
    ("{a,b}", "{a,b}", "a b"),
]
DOCKER = [
    ("*.csv", "a.csv", "data/a.csv"),
    ("**/*.csv", "a.csv data/a.csv a/b/c.csv", "a.csvx"),
    ("**.csv", "a.csv data/a.csv", "a.csvx"),
    ("data", "data", "src/data DATA"),
    ("data/**", "data/a data/a/b", "data"),
    ("a**", "a ab a/b ab/c", "b/a"),
    ("a/**/b", "a/b a/x/b a/x/y/b", "ab"),
    ("*/*.py", "src/a.py", "a.py a/b/c.py"),
    ("a?c", "abc aéc", "a/c"),
    ("[a-c]x", "ax", "dx"),
    ("[^a-c]x", "dx", "ax"),
    ("[!a]", "! a", "b"),
    (r"[\]]", "]", "a"),
    (r"\*", "*", "a"),
    ("a.b", "a.b", "axb"),
]


def _cases(table: list[tuple[str, str, str]]) -> list[tuple[str, str, bool]]:
    return [
        (pattern, path, expected)
        for pattern, matched, others in table
        for paths, expected in ((matched, True), (others, False))
        for path in paths.split(" ")
    ]


@pytest.mark.parametrize(("pattern", "path", "expected"), _cases(GIT))
def test_a_pattern_of_git_matches(pattern: str, path: str, expected: bool) -> None:
    expression = git_pattern(pattern)
    assert expression is not None
    assert bool(re.compile(expression, re.DOTALL).fullmatch(path)) == expected


@pytest.mark.parametrize(("pattern", "path", "expected"), _cases(DOCKER))
def test_a_pattern_of_docker_matches(pattern: str, path: str, expected: bool) -> None:
    expression = docker_pattern(pattern)
    assert expression is not None
    assert bool(re.compile(expression, re.DOTALL).fullmatch(path)) == expected


@pytest.mark.parametrize("pattern", ["[a", "a\\", "a/[", "[[:letter:]]", "[[:alpha:]", "[a\\]"])
def test_git_has_no_use_for_a_broken_pattern(pattern: str) -> None:
    assert git_pattern(pattern) is None


@pytest.mark.parametrize("pattern", ["[a", "a\\", "[]a]", "[-]", "[x-]", "[-x]", "[z-a]", "[^"])
def test_docker_refuses_a_broken_pattern(pattern: str) -> None:
    assert docker_pattern(pattern) is None
