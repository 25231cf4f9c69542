"""azureml-inference-server-http's WSGI application, with scoring moved to a thread of its own."""

from __future__ import annotations

import importlib
import json
import logging
import os
import time
import uuid
from pathlib import Path
from typing import Any

from .gate import PREFLIGHT, Application
from .imports import arrange_imports
from .insights import leave_out_insights
from .scoring import ScoringThread
from .settings import Settings

# Below the package's own logger, so that its handlers and format apply.
logger = logging.getLogger("azmlinfsrv.acideploy")

# A configuration file that says nothing.
NO_CONFIGURATION = Path(__file__).parent / "no-configuration.json"


def load_application(settings: Settings) -> Application:
    """Imports the entry script, runs its `init()` and returns what answers requests.

    Ends the process as the package does: SystemExit(3), with the traceback in the log.
    """
    os.chdir(settings.app_root)
    os.environ["AML_APP_ROOT"] = str(settings.app_root)
    _prepare_environment(settings.app_root)
    if os.environ.get("AML_APP_INSIGHTS_ENABLED", "").lower() == "false":
        leave_out_insights()
    # Reads the variables, sets up logging and appends to the module search path.
    importlib.import_module("azureml_inference_server_http.server.aml_blueprint")
    _set_log_level(os.environ.get("AZUREML_LOG_LEVEL", ""))
    arrange_imports(settings.app_root)
    thread = ScoringThread(give_up_after=settings.worker_timeout)
    application: Any = thread.load(_create)
    _score_in(thread, application.azml_blueprint.user_script)
    return application  # type: ignore[no-any-return]


def _create() -> Any:
    return importlib.import_module("azureml_inference_server_http.server.entry").app


def _score_in(thread: ScoringThread, script: Any) -> None:
    """Replaces `UserScript.invoke_run` of one script, the package's only call of `run()`.

    The package limits `run()` by SIGALRM, which exists in the main thread only. This does the same
    work in the scoring thread, with the same results and errors.
    """
    from azureml_inference_server_http.server.input_parsers import UnsupportedHTTPMethod
    from azureml_inference_server_http.server.user_script import (
        TimedResult,
        UserScriptException,
        UserScriptTimeout,
    )

    def invoke_run(request: Any, *, timeout_ms: int) -> Any:
        if PREFLIGHT in request.environ:
            raise UnsupportedHTTPMethod(request.method)
        parameters = script.input_parser(request)
        headers = dict(request.headers)
        begun = time.perf_counter()

        def run() -> Any:
            nonlocal begun
            begun = time.perf_counter()
            try:
                output = script._wrapped_user_run(**parameters, request_headers=headers)
            except BaseException as error:  # `exit()` in a script must not end the thread
                return error
            return TimedResult(_milliseconds_since(begun), parameters, output)

        try:
            # 0 is no limit, as for the timer that the package sets.
            result = thread.score(run, within=timeout_ms / 1000 or None)
        except TimeoutError as error:
            raise UserScriptTimeout(timeout_ms, _milliseconds_since(begun)) from error
        if isinstance(result, BaseException):
            raise UserScriptException(result) from result
        return result

    script.invoke_run = invoke_run


def _milliseconds_since(moment: float) -> float:
    return (time.perf_counter() - moment) * 1000


def _prepare_environment(app_root: Path) -> None:
    """Does what the package's own start command does before it imports the application."""
    from azureml_inference_server_http import __version__

    if os.environ.get("SERVER_VERSION_LOG_RESPONSE_ENABLED", "true").lower() == "true":
        os.environ.setdefault("HTTP_X_MS_SERVER_VERSION", f"azmlinfsrv/{__version__}")
    if not _is_uuid(os.environ.get("AML_APP_INSIGHTS_KEY", "")):
        os.environ["AML_APP_INSIGHTS_ENABLED"] = "false"
    script = os.environ.get("AZUREML_ENTRY_SCRIPT")
    folders = [app_root] + ([(app_root / script).parent] if script else [])
    # The package takes a `config.json` there for its own, and cannot start with one that is
    # something else: a model's, say, that is a list.
    if "AZUREML_CONFIG_FILE" not in os.environ and not all(map(_suits_the_package, folders)):
        os.environ["AZUREML_CONFIG_FILE"] = str(NO_CONFIGURATION)


def _suits_the_package(folder: Path) -> bool:
    file = folder / "config.json"
    if not file.is_file() or not file.stat().st_size:
        return True
    try:
        return isinstance(json.loads(file.read_text()), dict)
    except (OSError, ValueError):
        return False


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _set_log_level(name: str) -> None:
    level = logging.getLevelName(name.upper())
    if isinstance(level, int):
        package_logger = logging.getLogger("azmlinfsrv")
        package_logger.setLevel(level)
        for handler in package_logger.handlers:
            handler.setLevel(level)
