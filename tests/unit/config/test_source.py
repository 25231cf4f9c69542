"""Reading text files, and the places in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from acideploy.config.checked import Findings
from acideploy.config.source import MAX_BYTES, Source, make_source, read_source


def _read(path: Path) -> tuple[Source | None, Findings]:
    findings = Findings()
    return read_source(path, cwd=path.parent, findings=findings), findings


def _written(directory: Path, content: bytes) -> Path:
    path = directory / "config.json"
    path.write_bytes(content)
    return path


def test_places_count_from_one_and_carry_the_line() -> None:
    place = make_source("f", "ab\r\ncd\ref").place(4)
    assert (place.line, place.column, place.text) == (2, 2, "cd")
    assert str(place) == "f:2:2"
    assert make_source("f", "ab\r\ncd\ref").place(99).line == 3


@pytest.mark.parametrize(
    "line",
    [
        'primaryKey: "hunter2"',
        '"secondaryKey":"hunter2", "cpu": 1',
        "password = hunter2",
        "primary_key: hunter2",
    ],
)
def test_a_key_or_password_is_hidden_in_the_line(line: str) -> None:
    assert "hunter2" not in (make_source("f", line).place(0).text or "")


def test_a_long_line_is_cut() -> None:
    assert len(make_source("f", "x" * 10_000).place(0).text or "") <= 200


@pytest.mark.parametrize(
    ("encoding", "warned"),
    [
        ("utf-8", False),
        ("utf-8-sig", False),
        ("utf-16", True),
        ("utf-16-le", True),
        ("utf-32", True),
    ],
)
def test_an_encoding_is_recognised(tmp_path: Path, encoding: str, warned: bool) -> None:
    source, findings = _read(_written(tmp_path, "{'é': 1}".encode(encoding)))
    assert source is not None
    assert source.text == "{'é': 1}"
    assert [each.code for each in findings.problems] == ["bad-encoding"] * warned


def test_a_windows_code_page_is_read_with_a_warning_at_the_character(tmp_path: Path) -> None:
    source, findings = _read(_written(tmp_path, b"a: 1\n# caf\xe9"))
    assert source is not None
    assert source.text.endswith("café")
    assert str(findings.problems[0].place) == "config.json:2:6"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    source, findings = _read(_written(tmp_path, b"\x89PNG\x00\x81"))
    assert source is None
    assert [each.code for each in findings.problems] == ["bad-encoding"]


def test_a_missing_file_is_a_problem_that_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "inferenceConfig.json").touch()
    _, findings = _read(tmp_path / "inferenceconfig.json")
    assert findings.problems[0].code == "file-not-found"
    assert findings.problems[0].hint == "did you mean inferenceConfig.json?"


def test_a_folder_and_a_pipe_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        source, findings = _read(path)
        assert source is None
        assert findings.problems[0].code == "not-a-file"


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    _, findings = _read(_written(tmp_path, b" " * (MAX_BYTES + 1)))
    assert findings.problems[0].code == "file-too-large"


@pytest.mark.parametrize("name", ["a\0b", "a" * 300])
def test_an_impossible_name_is_a_problem(tmp_path: Path, name: str) -> None:
    source, findings = _read(tmp_path / name)
    assert source is None
    assert findings.failed


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_a_problem(tmp_path: Path) -> None:
    path = _written(tmp_path, b"{}")
    path.chmod(0)
    assert _read(path)[1].problems[0].code == "unreadable-file"
