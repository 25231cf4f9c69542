"""Conda files."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.config.checked import Findings
from acideploy.config.conda import read_conda_file
from acideploy.config.values import CondaEnvironment


def _read(tmp_path: Path, text: str) -> tuple[CondaEnvironment | None, list[str]]:
    path = tmp_path / "env.yml"
    path.write_text(text, encoding="utf-8")
    findings = Findings()
    conda = read_conda_file(path, cwd=tmp_path, findings=findings)
    return conda, [f"{each.severity} {each.code}" for each in findings.problems]


def test_packages_come_as_written_with_their_places(tmp_path: Path) -> None:
    conda, problems = _read(
        tmp_path,
        "name: x\nchannels: [a, b]\ndependencies:\n- python=3.6.2\n- conda-forge::numpy >=1.18\n"
        "- pip=20\n- pip:\n  - scikit-learn==0.22\n  - --extra-index-url https://x\n"
        "  - -r more.txt\nvariables: {A: 'b'}\n",
    )
    assert problems == []
    assert conda is not None
    assert conda.channels == ("a", "b")
    assert conda.python is not None
    assert str(conda.python.place) == "env.yml:4:3"
    assert [each.text for each in conda.packages] == ["conda-forge::numpy >=1.18", "pip=20"]
    assert [each.text for each in conda.pip] == [
        "scikit-learn==0.22",
        "--extra-index-url https://x",
        "-r more.txt",
    ]
    assert conda.variables == {"A": "b"}


@pytest.mark.parametrize(
    "line",
    ["python", "python=3.8", "python==3.8.1", "python>=3.7,<3.9", "python 3.8", "main::python=3.8"],
)
def test_the_interpreter_is_taken_out_of_the_packages(tmp_path: Path, line: str) -> None:
    conda, _ = _read(tmp_path, f"dependencies: ['{line}', python-dateutil, ipython=7]")
    assert conda is not None
    assert conda.python is not None
    assert conda.python.text == line
    assert [each.text for each in conda.packages] == ["python-dateutil", "ipython=7"]


def test_of_two_interpreters_the_first_counts(tmp_path: Path) -> None:
    conda, _ = _read(tmp_path, "dependencies: [python=3.8, python=3.9]")
    assert conda is not None
    assert conda.packages == ()
    assert conda.python is not None
    assert conda.python.text == "python=3.8"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("dependencies:\n- pip:\n  - numpy=1.18", "warning bad-requirement"),
        ("dependencies:\n- conda: [x]\n", "warning unknown-key"),
        ("dependancies: []", "warning unknown-key"),
        ("dependencies:\n- [x]", "error bad-requirement"),
        ("dependencies:\n- pip:\n  - [x]", "error bad-requirement"),
        ("dependencies:\n- pip:\n  - numpy: 1.18", "error bad-requirement"),
        ("dependencies:\n- pip\n  - numpy", "error bad-requirement"),
        ("dependencies:\n- pip:\n- numpy", "warning bad-requirement"),
        ("dependencies: [python=3.8, python=3.9]", "warning bad-requirement"),
        ("dependencies: []\npip: [numpy]", "warning ignored-key"),
        ("dependencies: numpy", "warning loose-type"),
        ("dependencies:\n  numpy\n  pandas", "error wrong-type"),
        ("- numpy", "error not-a-mapping"),
        ("dependencies:\n -numpy\n- x", "error bad-syntax"),
        ("", "warning empty-file"),
    ],
)
def test_what_conda_or_pip_would_refuse_is_told(tmp_path: Path, text: str, problem: str) -> None:
    assert _read(tmp_path, text)[1] == [problem]


def test_a_version_behind_a_colon_is_told_with_the_edit(tmp_path: Path) -> None:
    path = tmp_path / "env.yml"
    path.write_text("dependencies:\n- python: 3.8\n- prefix: x")
    findings = Findings()
    read_conda_file(path, cwd=tmp_path, findings=findings)
    assert [each.hint for each in findings.problems] == [
        "write python=3.8",
        "list the packages themselves, or put them under pip",
    ]


@pytest.mark.parametrize("text", ["dependencies:", "dependencies: [pip: ]", "channels: [~, '']"])
def test_empty_lists_are_empty(tmp_path: Path, text: str) -> None:
    conda, problems = _read(tmp_path, text)
    assert problems == []
    assert conda is not None
    assert (conda.packages, conda.pip, conda.channels) == ((), (), ())
