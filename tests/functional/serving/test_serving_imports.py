"""What scripts find round them: modules, variables, files that look like the server's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.serving_process import Start, serving

FINE = "def init(): pass\ndef run(data): return data"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    path = tmp_path / "app"
    path.mkdir()
    return path


@pytest.mark.parametrize("name", ["utils", "config", "exceptions", "routes", "swagger"])
def test_a_module_of_the_source_directory_comes_before_the_servers(
    start: Start, app: Path, name: str
) -> None:
    (app / "src").mkdir()
    (app / "src" / f"{name}.py").write_text("answer = 'mine'")
    script = f"import {name}\ndef init(): pass\ndef run(data): return {name}.answer"
    service = start(script, {"AZUREML_SOURCE_DIRECTORY": "src"})
    assert service.score("1").text == '"mine"'


def test_a_module_beside_the_script_may_have_a_name_of_the_library(start: Start, app: Path) -> None:
    for name in ("random", "string", "types", "calendar", "logging", "flask", "granian"):
        (app / f"{name}.py").write_text("raise RuntimeError('imported by the server')")
    assert start(FINE).score("1").status == 200


def test_the_script_may_lie_in_a_folder_of_the_source_directory(
    serving_python: Path, app: Path
) -> None:
    (app / "code" / "deep").mkdir(parents=True)
    (app / "code" / "deep" / "run it.py").write_text(
        "import os, helper\ndef init(): pass\ndef run(data): return [helper.name, os.getcwd()]"
    )
    (app / "code" / "helper.py").write_text("name = 'helper'")
    variables = {"AZUREML_SOURCE_DIRECTORY": "code"}
    with serving(serving_python, app, script="code/deep/run it.py", variables=variables) as service:
        service.wait_until_ready()
        assert json.loads(service.score("1").body) == ["helper", str(app)]


def test_without_an_entry_script_main_is_served(serving_python: Path, app: Path) -> None:
    (app / "main.py").write_text(FINE)
    with serving(serving_python, app, script=None) as service:
        assert service.wait_until_ready().score("1").status == 200


@pytest.mark.parametrize(
    "content", ["[1, 2]", "{broken", '{"hidden_size": 768, "SERVICE": 1}', "\ufeff{}", ""]
)
def test_a_config_json_of_the_users_does_no_harm(start: Start, app: Path, content: str) -> None:
    (app / "config.json").write_text(content, encoding="utf-8")
    assert start(FINE).score("1").status == 200


def test_the_variables_of_the_contract_reach_the_script(start: Start) -> None:
    script = "import os\ndef init(): pass\ndef run(data): return os.environ[data]"
    service = start(script, {"AZUREML_MODEL_DIR": "azureml-models/m/1", "SERVICE_NAME": "mine"})
    assert service.score("AZUREML_MODEL_DIR").text == '"azureml-models/m/1"'
    assert json.loads(service.get("/swagger.json").body)["info"]["title"] == "mine"


def test_prints_go_to_the_log_at_once(start: Start) -> None:
    script = (
        "import sys\ndef init(): print('from init')\ndef run(data):\n    sys.stdout.write('w\\n')"
    )
    service = start(script)
    assert "azmlinfsrv.print - from init" in service.log
    service.score("1")
    assert "\nw\n" in service.log


def test_the_log_has_no_lines_that_mean_nothing(start: Start) -> None:
    log = start(FINE, {"SCORING_TIMEOUT_MS": "5000", "WORKER_PRELOAD": "true"}).log
    assert "WORKER_PRELOAD has no effect" in log
    assert "extra keys" not in log
    assert "seems quite high" not in log
    assert "Scoring timeout is set to 5000" in log


def test_the_log_level_is_followed(start: Start) -> None:
    quiet = start(FINE, {"AZUREML_LOG_LEVEL": "ERROR"})
    quiet.score("1")
    assert "POST /score" not in quiet.log
    assert "Invoking user's init" not in quiet.log


def test_a_missing_app_insights_key_switches_it_off(start: Start) -> None:
    service = start(FINE, {"AML_APP_INSIGHTS_ENABLED": "true", "AML_APP_INSIGHTS_KEY": "nonsense"})
    assert service.score("1").status == 200
    assert "Error logging to Application Insights" not in service.log


def test_the_stand_in_gives_the_models_path(start: Start, app: Path) -> None:
    folder = app / "azureml-models" / "m" / "3"
    folder.mkdir(parents=True)
    (folder / "weights.txt").write_text("42")
    script = """
    from azureml.core import Workspace
    from azureml.core.model import Model
    def init():
        global content
        content = open(Model.get_model_path("m")).read()
    def run(data): return content if data == "1" else Workspace.from_config()
    """
    service = start(script)
    assert service.score("1").text == '"42"'
    assert service.score("2").status == 500
    assert "--full-azureml" in service.log


@pytest.mark.parametrize("key", ["", "00000000-0000-4000-8000-000000000000"])
def test_the_client_of_app_insights_is_imported_only_where_it_is_used(
    start: Start, key: str
) -> None:
    script = """
        import sys

        def init(): pass

        def run(data):
            clients = ("azure.monitor.opentelemetry", "opencensus.ext.azure")
            return any(name.startswith(clients) for name in sys.modules)
    """
    variables = {
        "AML_APP_INSIGHTS_ENABLED": "true",
        "AML_APP_INSIGHTS_KEY": key,
        # Its server is on another machine; nothing is sent there.
        "HTTPS_PROXY": "http://127.0.0.1:1",
    }
    assert start(script, variables).score("1").text == json.dumps(bool(key))
