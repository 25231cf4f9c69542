"""Modules that a service would miss are told with their place, and no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from acideploy.code import Code, code_of
from acideploy.config.problem import Place, Problem
from acideploy.config.values import CondaEnvironment, Environment, InferenceConfig, Requirement
from acideploy.environment.request import EnvironmentRequest, request_environment
from acideploy.imports import import_problems

SCORE = "def init(): ...\ndef run(data): ...\n"


def _code(folder: Path, *, alone: bool = False, script: str = "score.py", **files: str) -> Code:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    config = InferenceConfig(
        entry_script=folder / script, source_directory=None if alone else folder
    )
    return code_of(config)


def _asking(
    *pip: str, conda: tuple[str, ...] = (), python: str = "3.10", folder: Path | None = None
) -> EnvironmentRequest:
    place = Place(file="conda.yml")
    environment = Environment(
        conda=CondaEnvironment(
            place=place,
            pip=tuple(Requirement(text=text, place=place) for text in pip),
            packages=tuple(Requirement(text=text, place=place) for text in conda),
        )
    )
    return request_environment(
        environment, directory=folder or Path.cwd(), python=python, for_image=True
    )[0]


def _told(problems: tuple[Problem, ...]) -> list[tuple[str, str, int | None, int | None]]:
    return [
        (each.severity, each.message.rpartition(" ")[2], each.place.line, each.place.column)
        for each in problems
        if each.place
    ]


def _missing(
    folder: Path, source: str, *pip: str, lock: tuple[str, ...] | None = None
) -> list[tuple[str, str, int | None, int | None]]:
    asked = _asking(*pip, folder=folder)
    return _told(import_problems(_code(folder, score=source), asked, lock))


def test_a_module_that_nothing_brings_is_told_with_its_line_and_column(tmp_path: Path) -> None:
    code = _code(tmp_path, score=f"import json\nimport os, ruamel.yaml\n{SCORE}")
    (problem,) = import_problems(code, _asking("scikit-learn"), None)
    assert problem.severity == "warning"
    assert problem.message == "nothing that the environment asks for has the module ruamel.yaml"
    assert problem.hint == "add `ruamel-yaml` to the pip section of the conda file"
    assert str(problem.place) == f"{tmp_path / 'score.py'}:2:12"
    assert problem.place is not None
    assert problem.place.text == "import os, ruamel.yaml"


@pytest.mark.parametrize(
    ("imported", "pip"),
    [
        ("json", ()),
        ("sklearn.linear_model", ("scikit-learn==0.22",)),
        ("numpy", ("pandas",)),
        ("joblib", ("scikit-learn",)),
        ("cv2", ("opencv-python",)),
        ("PIL.Image", ("torchvision",)),
        ("numpy", ("inference-schema[numpy-support]",)),
        ("google.protobuf", ("tensorflow",)),
        ("google.cloud.storage", ("google-cloud-storage",)),
        ("azure.storage.blob", ("azure-storage-blob",)),
        ("azureml.core.model", ()),
        ("azureml.contrib.services.aml_request", ()),
        ("inference_schema.schema_decorators", ()),
        ("flask", ()),
        ("requests", ()),
        ("pkg_resources", ()),
        ("distutils.util", ()),
        ("my_lib", ("My.Lib",)),
        ("mylib", ("https://example.com/x/my_lib-1.0-py3-none-any.whl",)),
        ("lightning", ("./wheels/lightning-2.0-py3-none-any.whl",)),
    ],
)
def test_what_the_environment_brings_is_not_told(
    tmp_path: Path, imported: str, pip: tuple[str, ...]
) -> None:
    for line in pip:
        if line.startswith("./"):
            (tmp_path / line).parent.mkdir()
            (tmp_path / line).touch()
    assert _missing(tmp_path, f"import {imported}\n{SCORE}", *pip) == []


def test_conda_packages_count_by_what_they_hold(tmp_path: Path) -> None:
    code = _code(tmp_path, score=f"import torch, xgboost, numpy\n{SCORE}")
    asked = _asking(conda=("pytorch::pytorch=1.4", "conda-forge::py-xgboost"))
    assert import_problems(code, asked, None) == ()


def test_modules_of_the_source_directory_are_followed(tmp_path: Path) -> None:
    code = _code(
        tmp_path,
        score=f"from pack.inner import thing\nfrom {tmp_path.name} import other\n{SCORE}",
        pack__inner="from . import deep\n",
        pack__deep="import lightgbm\n",
        other="import xgboost\n",
        unused="import catboost\n",
    )
    told = import_problems(code, _asking(), None)
    assert {(each.place.file, each.hint) for each in told if each.place} == {
        (str(tmp_path / "pack" / "deep.py"), "add `lightgbm` to the pip section of the conda file"),
        (str(tmp_path / "other.py"), "add `xgboost` to the pip section of the conda file"),
    }


def test_modules_that_import_each_other_are_read_once(tmp_path: Path) -> None:
    code = _code(tmp_path, score=f"import one\n{SCORE}", one="import two", two="import one, score")
    assert import_problems(code, _asking(), None) == ()


def test_a_module_beside_a_script_that_is_deployed_alone_needs_a_source_directory(
    tmp_path: Path,
) -> None:
    code = _code(tmp_path, alone=True, score=f"import features\n{SCORE}", features="")
    (problem,) = import_problems(code, _asking(), None)
    assert problem.severity == "warning"
    assert problem.message == "features lies beside the entry script, which is deployed alone"
    assert problem.hint == f"set `sourceDirectory` to {tmp_path}"


def test_a_module_that_an_ignore_file_leaves_out_is_told_with_the_rule(tmp_path: Path) -> None:
    (tmp_path / ".amlignore").write_text("features.py\n")
    code = _code(tmp_path, score=f"import features\n{SCORE}", features="")
    (problem,) = import_problems(code, _asking(), None)
    assert "features.py is in" in problem.message
    assert "line 1 of .amlignore" in problem.message


def test_a_module_beside_a_script_in_a_subfolder_is_not_found(tmp_path: Path) -> None:
    files = {"app__score": f"import features\n{SCORE}", "app__features": ""}
    code = _code(tmp_path, script="app/score.py", **files)
    (problem,) = import_problems(code, _asking(), None)
    assert "where a service does not look" in problem.message
    assert problem.hint is not None
    assert "`from app import features`" in problem.hint


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    import lightgbm\nexcept ImportError:\n    import xgboost\n",
        "try:\n    import lightgbm\nexcept (OSError, ModuleNotFoundError):\n    pass\n",
        "try:\n    import lightgbm\nexcept:\n    pass\n",
        "from contextlib import suppress\nwith suppress(ImportError):\n    import lightgbm\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import lightgbm\n",
        "import typing\nif typing.TYPE_CHECKING:\n    import lightgbm\n",
        "if __name__ == '__main__':\n    import lightgbm\n",
        "import sys\nif sys.version_info < (3, 8):\n    import lightgbm\n",
        "from . import lightgbm\n",
    ],
)
def test_an_import_that_may_fail_or_never_runs_is_not_told(tmp_path: Path, source: str) -> None:
    assert _missing(tmp_path, f"{source}{SCORE}") == []


@pytest.mark.parametrize(
    "source",
    ["def init():\n    import lightgbm\n", "DEBUG = 0\nif DEBUG:\n    import lightgbm\n"],
)
def test_an_import_that_may_never_run_is_a_note(tmp_path: Path, source: str) -> None:
    assert [told[0] for told in _missing(tmp_path, source)] == ["note"]


def test_a_try_that_catches_something_else_saves_no_import(tmp_path: Path) -> None:
    source = "try:\n    import lightgbm\nexcept KeyError:\n    pass\n"
    assert _missing(tmp_path, source) == [("warning", "lightgbm", 2, 12)]


def test_a_module_is_told_once_where_it_surely_fails(tmp_path: Path) -> None:
    source = "def init():\n    import lightgbm\n\nimport lightgbm.basic\nimport lightgbm\n"
    assert _missing(tmp_path, source) == [("warning", "lightgbm.basic", 4, 8)]


def test_a_package_that_may_bring_more_than_is_known_makes_it_a_note(tmp_path: Path) -> None:
    source = f"import lightgbm\n{SCORE}"
    assert _missing(tmp_path, source, "somebodys-framework")[0][0] == "note"
    assert _missing(tmp_path, source, "numpy")[0][0] == "warning"


def test_code_that_changes_where_modules_are_looked_for_makes_it_a_note(tmp_path: Path) -> None:
    source = f"import sys\nsys.path.append('more')\nimport features\n{SCORE}"
    assert [told[0] for told in _missing(tmp_path, source)] == ["note"]


def test_a_lock_says_what_there_is(tmp_path: Path) -> None:
    source = f"import lightgbm, numpy\n{SCORE}"
    asked = ("somebodys-framework",)
    assert _missing(tmp_path, source, *asked, lock=("somebodys-framework", "NumPy")) == [
        ("warning", "lightgbm", 1, 8)
    ]
    assert _missing(tmp_path, source, *asked, lock=("numpy", "lightgbm")) == []


def test_with_a_lock_a_package_whose_modules_are_unknown_makes_it_a_note(tmp_path: Path) -> None:
    source = f"import odd_name\n{SCORE}"
    assert _missing(tmp_path, source, "somebodys-framework", lock=())[0][0] == "note"
    assert _missing(tmp_path, source, "numpy", lock=("numpy",))[0][0] == "warning"


def test_requirements_of_another_file_count(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("lightgbm==4.0\n-r more.txt\n")
    code = _code(tmp_path, score=f"import lightgbm\n{SCORE}")
    asked = replace(_asking(folder=tmp_path), lines=("-r more.txt",))
    assert import_problems(code, asked, None) == ()


@pytest.mark.parametrize(
    ("module", "python", "there"),
    [
        ("imp", "3.11", True),
        ("imp", "3.12", False),
        ("cgi", "3.13", False),
        ("tomllib", "3.11", True),
        ("tomllib", "3.10", False),
        ("zoneinfo", "3.8", False),
    ],
)
def test_the_standard_library_is_that_of_the_service(
    tmp_path: Path, module: str, python: str, there: bool
) -> None:
    code = _code(tmp_path, score=f"import {module}\n{SCORE}")
    problems = import_problems(code, _asking(python=python), None)
    assert [each.message for each in problems] == (
        [] if there else [f"Python {python} does not have the module {module}, which others have"]
    )


def test_a_part_of_azureml_that_has_a_package_of_its_own_is_told(tmp_path: Path) -> None:
    source = f"from azureml.monitoring import ModelDataCollector\n{SCORE}"
    assert _missing(tmp_path, source)[0][1] == "azureml.monitoring"
    assert _missing(tmp_path, source, "azureml-monitoring") == []


def test_a_name_that_no_package_is_known_for_may_be_a_file_that_was_forgotten(
    tmp_path: Path,
) -> None:
    code = _code(tmp_path, score=f"import utils\n{SCORE}")
    (problem,) = import_problems(code, _asking(), None)
    assert problem.hint is not None
    assert problem.hint.endswith("or add the module to the source directory")


@pytest.mark.parametrize("source", ["print 'old'\n", "def\x00", "x = " + "(" * 500, "\ufeffimport"])
def test_what_is_not_python_is_left_to_others(tmp_path: Path, source: str) -> None:
    assert _missing(tmp_path, source) == []
