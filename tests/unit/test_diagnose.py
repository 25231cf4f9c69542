"""The cause of a crash, found in what the server logged."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.diagnose import CodeOrigin, diagnose

SERVER = "/env/lib/python3.11/site-packages/azureml_inference_server_http/server"


@pytest.fixture
def origin(tmp_path: Path) -> CodeOrigin:
    (tmp_path / "project").mkdir()
    lines = ["import os", "", "def init():", "    global model", "    model = load(path)"]
    (tmp_path / "project" / "score.py").write_text("\n".join(lines))
    return CodeOrigin(deployed=tmp_path / "app", origin=tmp_path / "project")


def _log(origin: CodeOrigin, exception: str, *, line: int = 5, function: str = "init") -> str:
    """What azureml-inference-server-http 1.5.1 logs when `init()` raises."""
    return f"""2026-01-01 00:00:00,000 E [7] azmlinfsrv - User's init function failed
2026-01-01 00:00:00,000 E [7] azmlinfsrv - Encountered Exception Traceback (most recent call last):
  File "{SERVER}/user_script.py", line 119, in invoke_init
    self._user_init()
  File "{origin.deployed}/score.py", line {line}, in {function}
    model = load(path)
            ^^^^^^^^^^
  File "/env/lib/python3.11/site-packages/joblib/numpy_pickle.py", line 650, in load
    with open(filename, 'rb') as f:
{exception}

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "{SERVER}/aml_blueprint.py", line 109, in setup
    self.user_script.invoke_init()
azureml_inference_server_http.server.user_script.UserScriptException: Caught an unhandled exception

2026-01-01 00:00:00,100 I [7] azmlinfsrv - Model Directory Contents:
"""


def test_the_cause_is_the_users_exception_at_the_users_own_line(origin: CodeOrigin) -> None:
    diagnosis = diagnose(_log(origin, "KeyError: 'x'"), origin)
    assert diagnosis is not None
    assert diagnosis.cause == "init() raised KeyError: 'x'"
    assert diagnosis.place is not None
    assert str(diagnosis.place) == f"{origin.origin / 'score.py'}:5:5"
    assert diagnosis.place.text == "    model = load(path)"


def test_the_last_of_several_crashes_counts(origin: CodeOrigin) -> None:
    log = _log(origin, "KeyError: 'old'") + _log(origin, "ValueError: new")
    diagnosis = diagnose(log, origin)
    assert diagnosis is not None
    assert diagnosis.cause == "init() raised ValueError: new"


def test_the_first_of_chained_exceptions_counts(origin: CodeOrigin) -> None:
    inner = "OSError: gone\n\nDuring handling of the above exception, another exception occurred:\n"
    chained = f"""{inner}
Traceback (most recent call last):
  File "{origin.deployed}/score.py", line 3, in init
    raise RuntimeError("no model")
RuntimeError: no model"""
    diagnosis = diagnose(_log(origin, chained), origin)
    assert diagnosis is not None
    assert diagnosis.cause == "init() raised OSError: gone"


@pytest.mark.parametrize(
    ("module", "hint"),
    [
        ("sklearn", "add `scikit-learn` to the pip section"),
        ("lightgbm.basic", "add `lightgbm` to the pip section"),
        ("azureml.train", "--full-azureml"),
    ],
)
def test_a_missing_module_names_the_package_to_add(
    origin: CodeOrigin, module: str, hint: str
) -> None:
    diagnosis = diagnose(_log(origin, f"ModuleNotFoundError: No module named '{module}'"), origin)
    assert diagnosis is not None
    assert hint in str(diagnosis.hint)


def test_a_module_beside_the_script_asks_for_a_source_directory(origin: CodeOrigin) -> None:
    (origin.origin / "features.py").write_text("")
    log = _log(origin, "ModuleNotFoundError: No module named 'features'")
    diagnosis = diagnose(log, origin)
    assert diagnosis is not None
    assert "set `sourceDirectory`" in str(diagnosis.hint)


def test_a_syntax_error_is_the_scripts(origin: CodeOrigin) -> None:
    log = f"""E [7] azmlinfsrv - Traceback (most recent call last):
  File "{SERVER}/user_script.py", line 77, in load_script
    main_module_spec.loader.exec_module(user_module)
  File "<frozen importlib._bootstrap_external>", line 940, in exec_module
  File "{origin.deployed}/score.py", line 3
    def init()
              ^
SyntaxError: expected ':'
"""
    diagnosis = diagnose(log, origin)
    assert diagnosis is not None
    assert diagnosis.cause == "the entry script raised SyntaxError: expected ':'"
    assert diagnosis.place is not None
    assert diagnosis.place.line == 3


def test_a_request_that_failed_is_not_why_a_server_ended(origin: CodeOrigin) -> None:
    started = "I [7] azmlinfsrv.acideploy - Listening at http://127.0.0.1:5001\n"
    assert diagnose(started + _log(origin, "KeyError: 'x'", function="run"), origin) is None


def test_a_mistyped_module_of_pythons_own_is_not_looked_for_on_pypi(origin: CodeOrigin) -> None:
    diagnosis = diagnose(_log(origin, "ModuleNotFoundError: No module named 'pickel'"), origin)
    assert diagnosis is not None
    assert diagnosis.hint == "did you mean `import pickle`?"


def test_a_log_without_a_cause_names_none(origin: CodeOrigin) -> None:
    assert diagnose("2026-01-01 00:00:00,000 I [7] azmlinfsrv - ready\n", origin) is None
