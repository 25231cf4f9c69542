from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.cli.problems import as_json, counted, described, relative
from acideploy.config.problem import Place, Problem

KEY = Problem(
    code="unknown-key",
    severity="warning",
    message="unknown key 'cpu_cores'",
    place=Place(file="dc.json", line=3, column=5, text='\t   "cpu_cores": 1'),
    hint="write cpu",
)


def test_a_problem_names_its_place_and_points_at_it() -> None:
    assert described(KEY, colour=False).splitlines() == [
        "dc.json:3:5: warning: unknown key 'cpu_cores' [unknown-key]",
        '    \t   "cpu_cores": 1',
        "    \t   ^",
        "  hint: write cpu",
    ]


def test_a_problem_without_a_line_has_no_caret() -> None:
    problem = Problem(code="a", severity="error", message="b", place=Place(file="--cpu-cores"))
    assert described(problem, colour=False) == "--cpu-cores: error: b [a]"


def test_a_problem_without_a_place_is_told_alone() -> None:
    assert described(Problem(code="a", severity="note", message="b"), colour=False) == "note: b [a]"


def test_a_long_line_is_cut_round_the_column() -> None:
    text = "x" * 500 + "Y" + "z" * 500
    place = Place(file="f", line=1, column=501, text=text)
    problem = Problem(code="a", severity="error", message="b", place=place)
    _, line, caret = described(problem, colour=False).splitlines()
    assert len(line) <= 110
    assert line[caret.index("^")] == "Y"


def test_a_column_beyond_the_line_points_behind_it() -> None:
    place = Place(file="f", line=1, column=99, text="ab")
    problem = Problem(code="a", severity="error", message="b", place=place)
    assert described(problem, colour=False).splitlines()[2] == "      ^"


def test_colour_is_on_the_severity_alone() -> None:
    assert "\x1b[33mwarning\x1b[0m: unknown" in described(KEY, colour=True)


def test_json_has_seven_fields() -> None:
    assert as_json([KEY]) == [
        {
            "file": "dc.json",
            "line": 3,
            "column": 5,
            "severity": "warning",
            "code": "unknown-key",
            "message": "unknown key 'cpu_cores'",
            "hint": "write cpu",
        }
    ]


def test_problems_are_counted_by_severity() -> None:
    error = Problem(code="a", severity="error", message="b")
    assert counted([KEY, error, KEY]) == "1 error, 2 warnings"
    assert counted([]) == "no problems"


def test_a_file_below_the_current_directory_is_called_by_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert relative(Place(file=str(tmp_path / "src" / "score.py"))).file == "src/score.py"
    outside = str(tmp_path.parent / "score.py")
    assert relative(Place(file=outside)).file == outside
    assert relative(Place(file="--cpu-cores")).file == "--cpu-cores"


def test_a_file_below_the_root_keeps_its_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert relative(Place(file="/src/score.py")).file == "/src/score.py"
