"""Which scripts can do with the stand-in."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from acideploy.serving import runtime_directory
from acideploy.serving.azureml import IMPORTABLE, WORKING, needs_full_azureml


def found(source: str) -> list[tuple[str, int]]:
    return [(use.name, use.line) for use in needs_full_azureml(source)]


@pytest.mark.parametrize(
    "source",
    [
        "from azureml.core.model import Model\nModel.get_model_path('m')",
        "from azureml.core import Model as M\nM.get_model_path(model_name='m', version=2)",
        "import azureml.core\nazureml.core.Model.get_model_path('m')\nprint(azureml.core.VERSION)",
        "import azureml.core.model as am\nam.Model.get_model_path('m')",
        "from azureml.contrib.services.aml_request import AMLRequest, rawhttp\n@rawhttp\n"
        "def run(request: AMLRequest): ...",
        "from azureml.contrib.services.aml_response import *",
        "from azureml.core import Workspace, Dataset, Environment",
        "from azureml.core import Workspace\ndef init(ws: Workspace = None): ...",
        "from azureml.exceptions import ModelNotFoundException\nraise ModelNotFoundException('x')",
        "from azureml.monitoring import ModelDataCollector\nModelDataCollector('x')",
        "import azureml.train.automl",
        "import joblib, numpy\nnumpy.array([]).reshape(1)",
        "def run(:",
        "",
    ],
)
def test_a_script_that_the_stand_in_serves_needs_nothing_more(source: str) -> None:
    assert found(source) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from azureml.core import Keyvault", [("azureml.core.Keyvault", 1)]),
        ("import azureml.core.authentication", [("azureml.core.authentication", 1)]),
        ("import azureml.data", [("azureml.data", 1)]),
        (
            "from azureml.core import Workspace\n\nws = Workspace.from_config()",
            [("azureml.core.Workspace.from_config", 3)],
        ),
        (
            "from azureml.core.model import Model\nModel(None, name='m')",
            [("azureml.core.model.Model", 2)],
        ),
        (
            "import azureml.core as ac\nac.model.Model.list(ac.Workspace.get('w'))",
            [
                ("azureml.core.Workspace.get", 2),
                ("azureml.core.model.Model.list", 2),
            ],
        ),
        (
            "from azureml.core.run import Run as R\ndef init():\n    R.get_context().log('a', 1)",
            [("azureml.core.run.Run.get_context", 3)],
        ),
    ],
)
def test_what_goes_beyond_the_stand_in_is_named_with_its_line(
    source: str, expected: list[tuple[str, int]]
) -> None:
    assert found(source) == expected


@pytest.mark.parametrize(
    "name", sorted(name for name in WORKING | IMPORTABLE if "services" not in name)
)
def test_the_stand_in_has_every_name_that_is_said_to_be_in_it(name: str) -> None:
    script = "import pkgutil, sys; pkgutil.resolve_name(sys.argv[1])"
    environment = {**os.environ, "PYTHONPATH": str(runtime_directory() / "standin")}
    command = [sys.executable, "-c", script, name]
    subprocess.run(command, env=environment, check=True, timeout=30)


def test_a_byte_order_mark_hides_nothing() -> None:
    source = "\ufefffrom azureml.core import Workspace\nWorkspace.from_config()"
    assert found(source) == [("azureml.core.Workspace.from_config", 2)]
