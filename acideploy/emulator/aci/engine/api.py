"""The Docker Engine API (https://docs.docker.com/engine/api/), which Podman speaks too.

The emulator's only module that knows the Docker SDK.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import docker
import urllib3

from acideploy.emulator.aci.engine.threads import in_thread
from acideploy.emulator.aci.runtime import ContainerError

Result = TypeVar("Result")

# Pulling or unpacking a large layer may take its time without a word.
_SECONDS = 600.0


class EngineRefusal(ContainerError):
    """The engine refuses, with an HTTP status, or cannot be reached: `status` is None."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def missing(self) -> bool:
        """There is no such container, image or volume."""
        # Podman answers 500 where one is removed while it looks.
        return self.status == HTTPStatus.NOT_FOUND or "no such container" in str(self)


class EngineApi:
    """A connection to an engine, made when it is first needed. `host` is as in DOCKER_HOST."""

    def __init__(self, host: str, *, seconds: float = _SECONDS) -> None:
        self._host = host
        self._seconds = seconds
        self._client: Any = None
        self._version: Mapping[str, Any] = {}
        self._cpus = 0
        self._lock = threading.Lock()

    async def call(self, work: Callable[[Any], Result]) -> Result:
        """Calls `work` with the SDK's client, in a thread. Raises EngineRefusal."""
        return await in_thread(lambda: self.call_now(work))

    def call_now(self, work: Callable[[Any], Result]) -> Result:
        """The same in this thread."""
        try:
            return work(self._connected())
        except docker.errors.APIError as error:
            raise EngineRefusal(
                str(error.explanation or error), status=error.status_code
            ) from error
        # What `requests` raises for a connection is an OSError.
        except (docker.errors.DockerException, urllib3.exceptions.HTTPError, OSError) as error:
            raise EngineRefusal(f"the container engine at {self._host}: {error}") from error

    async def is_podman(self) -> bool:
        await self.call(lambda client: None)
        names = [each.get("Name") for each in self._version.get("Components") or ()]
        return "Podman Engine" in names

    async def architecture(self) -> str:
        """`amd64`, `arm64`."""
        await self.call(lambda client: None)
        return str(self._version["Arch"])

    async def cpus(self) -> int:
        """How many cores the engine can give out."""
        if not self._cpus:
            # Only where it is asked for: Podman takes its time for it.
            self._cpus = await self.call(lambda client: int(client.info()["NCPU"]))
        return self._cpus

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client, self._version = connect(self._host, seconds=self._seconds)
        return self._client


def connect(host: str, *, seconds: float) -> tuple[Any, Mapping[str, Any]]:
    """A client, and what the engine says that it is. Raises DockerException or OSError."""
    # Only what is reached by TCP has certificates; DOCKER_TLS_VERIFY says so for them alone.
    secure = docker.utils.kwargs_from_env(os.environ).get("tls", False)
    tls = secure if host.startswith(("tcp:", "https:")) else False
    version = docker.constants.DEFAULT_DOCKER_API_VERSION
    client = docker.APIClient(host, version=version, timeout=seconds, tls=tls)
    # The SDK would ask as well, and not tell: Podman takes a quarter of a second for it.
    told = client.version(api_version=False)
    client._version = told["ApiVersion"]
    return client, told


def why_not(host: str, *, seconds: float) -> str | None:
    """Why an engine does not answer; None when it does."""
    try:
        connect(host, seconds=seconds)
    except (docker.errors.DockerException, urllib3.exceptions.HTTPError, OSError) as error:
        return _reason(error)
    return None


def _reason(error: BaseException) -> str:
    """What the system says, where it says anything: libraries wrap it in their own words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    inner = [each for each in (*error.args, error.__context__) if isinstance(each, BaseException)]
    return _reason(inner[0]) if inner else " ".join(str(error).split())
