"""A service run as a container runs it, for tests: `python -m acideploy_serving` on loopback."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from acideploy.serving import RUNTIME_NAME, overrides, requirements, runtime_directory
from tests.environments import environment
from tests.parts.process import free_port


def serving_environment(*packages: str, python: str | None = None) -> Path:
    """The interpreter of an environment with the serving stack and these packages."""
    stack = requirements(python or "3.11")
    wanted = [*stack.requirements, *stack.constraints, *packages]
    return environment(wanted, python=stack.python, overrides=overrides())


@dataclass(frozen=True)
class Reply:
    """`headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class ServingProcess:
    """One running service. `log_file` has what it printed."""

    def __init__(
        self, process: subprocess.Popen[bytes], *, port: int, log_file: Path, tls: Path | None
    ) -> None:
        self.process = process
        self.port = port
        self.log_file = log_file
        self._tls = tls

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    def wait_until_ready(self, *, within: float = 60) -> ServingProcess:
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.log}")
            try:
                self.get("/")
            except OSError:
                time.sleep(0.05)
            else:
                return self
        raise AssertionError(f"not ready after {within} s:\n{self.log}")

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        return self.request("GET", path, headers=headers)

    def score(
        self, body: str | bytes, headers: Mapping[str, str] | None = None, path: str = "/score"
    ) -> Reply:
        content = body.encode() if isinstance(body, str) else body
        given = {"Content-Type": "application/json", **(headers or {})}
        return self.request("POST", path, body=content, headers=given)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        within: float = 60,
    ) -> Reply:
        connection = self.connection(within=within)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, names, response.read())
        finally:
            connection.close()

    def connection(self, *, within: float = 60) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=within)
        context = ssl.create_default_context(cafile=str(self._tls))
        return http.client.HTTPSConnection("localhost", self.port, timeout=within, context=context)

    def stop(self, *, within: float = 15) -> int:
        """The exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(within)

    def wait(self, *, within: float = 60) -> int:
        return self.process.wait(within)


class Start(Protocol):
    def __call__(
        self,
        script: str,
        variables: Mapping[str, str] | None = None,
        *,
        name: str = "app",
        port: int | None = None,
        tls: Path | None = None,
        wait: bool = True,
    ) -> ServingProcess:
        """Serves the script, and returns once it is ready unless `wait` says otherwise."""


def install_runtime(directory: Path) -> Path:
    """Copies the runtime as a deploy does; what to put on PYTHONPATH."""
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / RUNTIME_NAME).exists():
        shutil.copytree(runtime_directory(), directory / RUNTIME_NAME)
    return directory


@contextmanager
def serving(
    python: Path,
    app_root: Path,
    *,
    script: str | None = "score.py",
    port: int | None = None,
    variables: Mapping[str, str] | None = None,
    tls: Path | None = None,
) -> Iterator[ServingProcess]:
    """Starts a service and ends it with everything that it started.

    `tls` is the certificate authority to trust, where the service speaks TLS.
    """
    port = port or free_port()
    runtime = install_runtime(app_root.parent / f"{app_root.name}-runtime")
    log_file = app_root.parent / f"{app_root.name}-{port}-{time.monotonic_ns()}.log"
    environment = {
        **_without_our_variables(),
        "AML_APP_ROOT": str(app_root),
        "PYTHONPATH": str(runtime),
        "ACIDEPLOY_HOST": "127.0.0.1",
        "ACIDEPLOY_PORT": str(port),
        **({"AZUREML_ENTRY_SCRIPT": script} if script else {}),
        **(variables or {}),
    }
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [str(python), "-m", RUNTIME_NAME],
            env=environment,
            cwd=app_root.parent,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield ServingProcess(process, port=port, log_file=log_file, tls=tls)
    finally:
        _end_session(process)


def _without_our_variables() -> dict[str, str]:
    ours = ("ACIDEPLOY_", "AML_", "AZUREML_", "WORKER_", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _end_session(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            continue
    process.wait(5)
