"""A requirement with another version, and a file in which nothing else has changed."""

from __future__ import annotations

import pytest

from acideploy.config.problem import Place
from acideploy.environment.upgrade.respell import Edit, edited, respelled


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("numpy==1.18", "numpy==9.9"),
        ("numpy == 1.18", "numpy == 9.9"),
        ("numpy===1.18", "numpy===9.9"),
        ("numpy~=1.18.0", "numpy~=9.9"),
        ("numpy<=1.18", "numpy<=9.9"),
        ("numpy<1.18", "numpy==9.9"),
        ("numpy>=1.0,<1.18", "numpy==9.9"),
        ("numpy >=1.0, <1.18", "numpy==9.9"),
        ("numpy==1.18.*", "numpy==9.9"),
        ("torch==1.6.0+cpu", "torch==9.9"),
        ("azureml-dataprep[fuse,pandas]==1.3.5", "azureml-dataprep[fuse,pandas]==9.9"),
        ("numpy==1.18 ; python_version < '3.9'", "numpy==9.9 ; python_version < '3.9'"),
        ("numpy==1.18 # the old one", "numpy==9.9 # the old one"),
    ],
)
def test_a_pip_line_keeps_all_but_its_version(text: str, after: str) -> None:
    assert respelled(text, "9.9", conda=False) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("numpy=1.18", "numpy=9.9"),
        ("numpy==1.18", "numpy==9.9"),
        ("numpy 1.18.*", "numpy 9.9"),
        ("numpy=1.18.*", "numpy=9.9"),
        ("numpy=1.18.1=py36_0", "numpy=9.9"),
        ("numpy>=1.18,<2", "numpy=9.9"),
        ("numpy>1", "numpy=9.9"),
        ("numpy<=1", "numpy<=9.9"),
        ("conda-forge::numpy=1.18", "conda-forge::numpy=9.9"),
    ],
)
def test_a_conda_line_keeps_all_but_its_version(text: str, after: str) -> None:
    assert respelled(text, "9.9", conda=True) == after


def edit(line: int, column: int, before: str, after: str) -> Edit:
    place = Place(file="conda.yml", line=line, column=column)
    return Edit(place=place, before=before, after=after)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_comments_quotes_and_line_ends_stay(end: str, mark: str) -> None:
    lines = [
        "# numpy=1.18 is what we had",
        "dependencies:",
        "  - numpy=1.18   # numpy=1.18",
        "  - pip: ['tiny==1.0', \"other==2\"]",
        "\t",
    ]
    text = mark + end.join(lines)
    changed = edited(
        text,
        [
            edit(4, 11, "tiny==1.0", "tiny==1.12"),
            edit(4, 24, "other==2", "other==3"),
            edit(3, 5, "numpy=1.18", "numpy=1.19"),
        ],
    )
    lines[2] = "  - numpy=1.19   # numpy=1.18"
    lines[3] = "  - pip: ['tiny==1.12', \"other==3\"]"
    assert changed == mark + end.join(lines)


def test_a_requirement_that_spans_lines_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match=r"'numpy >=1,<2' .* conda.yml:2:3"):
        edited("- x\n- numpy\n  >=1,<2\n", [edit(2, 3, "numpy >=1,<2", "numpy=2")])


def test_two_edits_of_one_line_do_not_move_each_other() -> None:
    text = "dependencies: [numpy=1.18.1, pandas=1]\n"
    edits = [edit(1, 16, "numpy=1.18.1", "numpy=2"), edit(1, 30, "pandas=1", "pandas=1.0.5")]
    assert edited(text, edits) == "dependencies: [numpy=2, pandas=1.0.5]\n"
