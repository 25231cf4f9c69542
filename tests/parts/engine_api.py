"""The few calls of the Docker Engine API that the parts themselves make; Podman knows them too."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from pathlib import Path
from typing import Any


class EngineConnection(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def answers(path: Path) -> bool:
    """True when an engine listens on this socket and is ready."""
    try:
        return _call(path, "GET", "/_ping") == b"OK"
    except (OSError, http.client.HTTPException):
        return False


def remove_containers(path: Path) -> None:
    """Kills and removes every container of the engine, if it still answers."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        containers: list[dict[str, Any]] = json.loads(
            _call(path, "GET", "/v1.40/containers/json?all=true")
        )
        for container in containers:
            _call(path, "DELETE", f"/v1.40/containers/{container['Id']}?force=true&v=true")


def _call(path: Path, method: str, target: str) -> bytes:
    connection = EngineConnection(path)
    try:
        connection.request(method, target)
        return connection.getresponse().read()
    finally:
        connection.close()
