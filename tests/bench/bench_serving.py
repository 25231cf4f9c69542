"""Requests per second: this server against the scoring package's own, on the same script."""

from __future__ import annotations

import http.client
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.parts.process import free_port
from tests.serving_process import install_runtime, serving_environment

SCRIPT = """
import json
def init(): pass
def run(data): return {"sum": sum(json.loads(data)["data"])}
"""
BODY = b'{"data": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}'
CLIENTS = 4
SECONDS = 3.0
ROUNDS = 3


def requests_per_second(*, seconds: float = SECONDS, rounds: int = ROUNDS) -> tuple[float, float]:
    """Of our server and of `azmlinfsrv`, each the best of several rounds taken in turn.

    Four clients keep their connections; one worker, as in a service by default.
    """
    python = serving_environment()
    with TemporaryDirectory() as folder:
        app_root = Path(folder) / "app"
        app_root.mkdir()
        (app_root / "score.py").write_text(SCRIPT)
        runtime = install_runtime(Path(folder) / "runtime")
        best = {"ours": 0.0, "azmlinfsrv": 0.0}
        with _ours(python, app_root, runtime) as ours, _theirs(python, app_root) as theirs:
            for _ in range(rounds):
                best["ours"] = max(best["ours"], _measure(ours, seconds))
                best["azmlinfsrv"] = max(best["azmlinfsrv"], _measure(theirs, seconds))
    return best["ours"], best["azmlinfsrv"]


def _measure(port: int, seconds: float) -> float:
    counts = [0] * CLIENTS
    end = time.monotonic() + seconds

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Content-Type": "application/json"}
        while time.monotonic() < end:
            connection.request("POST", "/score", body=BODY, headers=headers)
            response = connection.getresponse()
            if response.read() != b'{"sum": 55}':
                raise AssertionError(response.status)
            counts[number] += 1
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - begun)


@contextmanager
def _ours(python: Path, app_root: Path, runtime: Path) -> Iterator[int]:
    port = free_port()
    variables = {
        "PYTHONPATH": str(runtime),
        "AML_APP_ROOT": str(app_root),
        "AZUREML_ENTRY_SCRIPT": "score.py",
        "ACIDEPLOY_HOST": "127.0.0.1",
        "ACIDEPLOY_PORT": str(port),
    }
    with _running([str(python), "-m", "acideploy_serving"], variables, runtime, port):
        yield port


@contextmanager
def _theirs(python: Path, app_root: Path) -> Iterator[int]:
    port = free_port()
    command = [str(python.with_name("azmlinfsrv")), "--entry_script", str(app_root / "score.py")]
    with _running([*command, "--port", str(port)], {}, app_root, port):
        yield port


@contextmanager
def _running(
    command: list[str], variables: Mapping[str, str], directory: Path, port: int
) -> Iterator[None]:
    process = subprocess.Popen(
        command,
        cwd=directory,
        env={**os.environ, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_healthy(process, port)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise AssertionError(f"{process.args} does not answer")
