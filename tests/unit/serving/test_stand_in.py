"""`Model.get_model_path` in a service, as azureml-core had it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from acideploy.serving import runtime_directory


def ask(directory: Path, expression: str) -> str:
    """What the expression gives in a script of a service, or the error's class and message."""
    script = (
        "from azureml.core import Dataset, Run, Workspace\n"
        "from azureml.core.model import InferenceConfig, Model\n"
        f"try: print({expression})\n"
        "except Exception as error: print(type(error).__name__ + ': ' + str(error))"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(runtime_directory() / "standin"),
        "AML_APP_ROOT": str(directory),
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        cwd=directory,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return done.stdout.strip()


@pytest.fixture
def app_root(tmp_path: Path) -> Path:
    for path in ("iris/1/old.pkl", "iris/9/nine.pkl", "iris/10/new.pkl", "two/1/a", "two/1/b"):
        file = tmp_path / "azureml-models" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(path))
    (tmp_path / "azureml-models" / "folder" / "1" / "bert").mkdir(parents=True)
    (tmp_path / "local.pkl").write_text("beside the script")
    return tmp_path


def test_the_newest_version_is_found_by_number(app_root: Path) -> None:
    path = f"{app_root}/azureml-models/iris/10/new.pkl"
    assert ask(app_root, "Model.get_model_path('iris')") == path


def test_a_version_can_be_asked_for(app_root: Path) -> None:
    path = f"{app_root}/azureml-models/iris/1/old.pkl"
    assert ask(app_root, "Model.get_model_path(model_name='iris', version=1)") == path


def test_a_registered_folder_is_found_as_a_folder(app_root: Path) -> None:
    path = f"{app_root}/azureml-models/folder/1/bert"
    assert ask(app_root, "Model.get_model_path('folder', _workspace=None)") == path


def test_a_file_in_the_working_directory_is_the_last_resort(app_root: Path) -> None:
    assert ask(app_root, "Model.get_model_path('local.pkl')") == "local.pkl"


def test_a_missing_model_is_said_with_both_places(app_root: Path) -> None:
    assert ask(app_root, "Model.get_model_path('nope')").startswith(
        f"ModelNotFoundException: Model nope not found in cache at {app_root}/azureml-models "
        f"or in current working directory {app_root}."
    )


def test_a_missing_version_is_an_error(app_root: Path) -> None:
    answer = ask(app_root, "Model.get_model_path('iris', version=2)")
    assert answer.startswith("WebserviceException: Model iris not found in cache")


def test_a_version_must_be_a_number(app_root: Path) -> None:
    answer = ask(app_root, "Model.get_model_path('iris', version='1')")
    assert answer == "WebserviceException: version should be an int"


def test_a_version_with_several_entries_is_an_error(app_root: Path) -> None:
    answer = ask(app_root, "Model.get_model_path('two')")
    folder = app_root / "azureml-models" / "two" / "1"
    assert answer.startswith(
        f"WebserviceException: Dir {folder} can contain only 1 file or folder. Found ["
    )


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("Workspace.from_config()", "azureml.core.workspace.Workspace"),
        ("Run.get_context()", "azureml.core.run.Run"),
        ("Dataset.get_by_name('x')", "azureml.core.Dataset"),
        ("InferenceConfig()", "azureml.core.model.InferenceConfig"),
        ("Model('ws', 'name')", "azureml.core.model.Model"),
        ("Model.list('ws')", "azureml.core.model.Model.list"),
    ],
)
def test_what_is_not_there_says_how_to_get_it(app_root: Path, expression: str, name: str) -> None:
    answer = ask(app_root, expression)
    assert answer.startswith(f"RuntimeError: {name} needs azureml-core")
    assert "--full-azureml" in answer
