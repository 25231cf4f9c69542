"""Lines that nothing can be installed by, and the Python that a file gets."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from acideploy.config.problem import Place
from acideploy.config.values import CondaEnvironment, Requirement
from acideploy.environment.python_version import nearest_python
from acideploy.environment.upgrade.changes import changed, first_changes


def requirement(text: str, line: int) -> Requirement:
    return Requirement(text=text, place=Place(file="conda.yml", line=line, column=5))


def conda_file(
    *, python: str | None = None, conda: Sequence[str] = (), pip: Sequence[str] = ()
) -> CondaEnvironment:
    return CondaEnvironment(
        place=Place(file="conda.yml"),
        python=requirement(python, 1) if python else None,
        packages=tuple(requirement(text, line) for line, text in enumerate(conda, 2)),
        pip=tuple(requirement(text, line) for line, text in enumerate(pip, 20)),
    )


def after(conda: CondaEnvironment, *, python: str = "3.8") -> list[str]:
    return [each.after for each in first_changes(conda, python, reason="why")]


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("joblib=0.13.2", ["joblib==0.13.2"]),
        ("azureml-dataprep[pandas]=1.0", ["azureml-dataprep[pandas]==1.0"]),
        ("joblib==0.13.2", []),
        ("sklearn", ["scikit-learn"]),
        ("sklearn==0.0", ["scikit-learn"]),
        ("sklearn-pandas==1.8", []),
        ("https://x/torch-1.1.0-cp36-cp36m-linux_x86_64.whl", ["torch==1.1.0"]),
        ("https://x/torch-1.4.0%2Bcpu-cp37-cp37m-linux_x86_64.whl#sha256=1", ["torch==1.4.0"]),
        ("torch @ https://x/torch-1.1.0-cp36-cp36m-linux_x86_64.whl", ["torch==1.1.0"]),
        ("https://x/torch-1.4.0-cp38-cp38-linux_x86_64.whl", []),
        ("https://x/pure-1.4.0-py3-none-any.whl", []),
        ("https://x/model-1.4.0.tar.gz", []),
    ],
)
def test_a_pip_line_that_cannot_be_meant_is_mended(line: str, mended: list[str]) -> None:
    assert after(conda_file(pip=[line])) == mended


def test_a_conda_line_keeps_its_single_equals_sign() -> None:
    assert after(conda_file(conda=["joblib=0.13.2", "sklearn=0.24"])) == ["scikit-learn=0.24"]


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("python=3.6.2", "3.7"),
        ("python=3.9.18", "3.9"),
        ("python>=3.5.2,<3.8", "3.7"),
        ("python=3.6.9=h265db76_0", "3.7"),
        ("python=3.99", "3.13"),
    ],
)
def test_the_python_is_the_one_asked_for_or_the_nearest_newer_one(asked: str, nearest: str) -> None:
    assert nearest_python(conda_file(python=asked)) == nearest


def test_a_change_is_made_at_its_place_alone() -> None:
    conda = conda_file(python="python=3.6", pip=["x==1", "y=1", "y=1"])
    changes = {each.requirement.place: each for each in first_changes(conda, "3.8", reason="why")}
    new = changed(conda, changes)
    assert new.python is not None
    assert new.python.text == "python=3.8"
    assert [each.text for each in new.pip] == ["x==1", "y==1", "y==1"]
    assert [each.place for each in new.pip] == [each.place for each in conda.pip]
