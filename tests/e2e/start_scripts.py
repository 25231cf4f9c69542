"""Starts entry scripts as a service does, each in a fork of this process, and says how it went.

Runs in a service's environment, with the serving runtime and the test's folder of scripts on its
path. Reads a JSON object from standard input and writes one to standard output:

    {"imports": [["sklearn.externals", "joblib"], ...], "jobs": [{"root": ..., "variables": ...}]}
    {"imports": {"sklearn.externals joblib": "why it fails"}, "jobs": [{"code": 0, "log": ...}]}
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile

# Imported once for all where it is there: what most scripts and the scoring application import.
COMMON = (
    "azure.monitor.opentelemetry.exporter",
    "flask",
    "flask_cors",
    "inference_schema.schema_decorators",
    "joblib",
    "numpy",
    "opencensus.ext.azure.log_exporter",
    "opentelemetry.sdk.trace.export",
    "pandas",
    "pydantic_settings",
    "sklearn.linear_model",
)
# Nothing is ever downloaded: whatever asks another machine is refused at once.
NOWHERE = "http://127.0.0.1:9"


def main() -> None:
    asked = json.load(sys.stdin)
    for name in COMMON:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    answer = {
        "imports": failing_imports(asked["imports"]),
        "jobs": [start(job["root"], job["variables"], asked["seconds"]) for job in asked["jobs"]],
    }
    json.dump(answer, sys.stdout)


def failing_imports(pairs: list) -> dict:
    """Tries `from module import name`, or `import module` where the name is empty."""
    with tempfile.TemporaryFile("w+") as file:
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(1, 2)
            json.dump({f"{m} {n}": why for m, n in pairs if (why := failure(m, n))}, file)
            file.flush()
            os._exit(0)
        os.waitpid(child, 0)
        file.seek(0)
        return dict(json.load(file))


def failure(module: str, name: str) -> str:
    try:
        found = importlib.import_module(module)
        if name not in ("", "*") and not hasattr(found, name):
            importlib.import_module(f"{module}.{name}")
    except Exception as error:  # whatever an import may raise
        return f"{type(error).__name__}: {error}"
    return ""


def start(root: str, variables: dict, seconds: int) -> dict:
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        child = os.fork()
        if not child:
            become_a_service(root, variables, log.fileno(), seconds)
        _, status = os.waitpid(child, 0)
        log.seek(0)
        killed = os.WIFSIGNALED(status)
        code = -os.WTERMSIG(status) if killed else os.WEXITSTATUS(status)
        return {"code": code, "log": log.read()}


def become_a_service(root: str, variables: dict, log: int, seconds: int) -> None:
    signal.alarm(seconds)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", buffering=1)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", buffering=1)
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE)
    os.environ.update({"AML_APP_ROOT": root, **proxies, **variables})
    code = 3
    try:
        from acideploy_serving.application import load_application
        from acideploy_serving.settings import read_settings

        load_application(read_settings())
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
