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


@pytest.mark.parametrize("folder", ["", "project"])
def test_a_path_in_a_container_that_is_not_on_this_machine_is_the_users_own(
    origin: CodeOrigin, folder: str
) -> None:
    inside = CodeOrigin(deployed=Path("/var/azureml-app", folder), origin=origin.origin)
    diagnosis = diagnose(_log(inside, "KeyError: 'x'"), inside)
    assert diagnosis is not None
    assert str(diagnosis.place) == f"{origin.origin / 'score.py'}:5:5"


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


@pytest.fixture
def directory(origin: CodeOrigin) -> CodeOrigin:
    """The same where the whole source directory was deployed, but for `*.json` and `ours/`."""
    (origin.origin / ".gitignore").write_text("# data\n*.json\nours/\n/alone.py\n")
    (origin.origin / "ours").mkdir()
    for name in ("labels.json", "alone.py", "ours/__init__.py", "words.txt"):
        (origin.origin / name).touch()
    return CodeOrigin(deployed=origin.deployed / "project", origin=origin.origin)


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("alone", "alone.py is in {}, but line 4 of .gitignore leaves it out"),
        ("ours", "ours is in {}, but line 3 of .gitignore leaves ours/ out"),
        ("ours.deep", None),
    ],
)
def test_a_module_that_a_rule_left_out_names_the_rule(
    directory: CodeOrigin, module: str, reason: str | None
) -> None:
    log = _log(directory, f"ModuleNotFoundError: No module named '{module}'")
    diagnosis = diagnose(log, directory)
    assert diagnosis is not None
    if reason:
        assert diagnosis.hint == reason.format(directory.origin)
    else:
        assert ".gitignore" not in str(diagnosis.hint)


@pytest.mark.parametrize("path", ["{deployed}/labels.json", "project/labels.json"])
def test_a_file_that_a_rule_left_out_names_the_rule(directory: CodeOrigin, path: str) -> None:
    missing = path.format(deployed=directory.deployed)
    error = f"FileNotFoundError: [Errno 2] No such file or directory: '{missing}'"
    diagnosis = diagnose(_log(directory, error), directory)
    assert diagnosis is not None
    assert diagnosis.hint == (
        f"labels.json is in {directory.origin}, but line 2 of .gitignore leaves it out"
    )


@pytest.mark.parametrize("name", ["words.txt", "gone.json", "../labels.json"])
def test_another_file_that_is_missing_is_looked_for_with_the_model(
    directory: CodeOrigin, name: str
) -> None:
    error = f"No such file or directory: '{directory.deployed}/{name}'"
    diagnosis = diagnose(_log(directory, f"FileNotFoundError: [Errno 2] {error}"), directory)
    assert diagnosis is not None
    assert "AZUREML_MODEL_DIR" in str(diagnosis.hint)


def test_no_rule_is_to_blame_where_the_script_is_deployed_alone(
    directory: CodeOrigin, origin: CodeOrigin
) -> None:
    log = _log(origin, "ModuleNotFoundError: No module named 'alone'")
    diagnosis = diagnose(log, origin)
    assert diagnosis is not None
    assert "set `sourceDirectory`" in str(diagnosis.hint)


def test_an_ignore_file_that_cannot_be_read_any_more_is_no_reason(
    directory: CodeOrigin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    log = _log(directory, "ModuleNotFoundError: No module named 'alone'")
    diagnosis = diagnose(log, directory)
    assert diagnosis is not None
    assert ".gitignore" not in str(diagnosis.hint)


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
