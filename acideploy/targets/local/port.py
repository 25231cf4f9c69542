"""Ports on loopback."""

from __future__ import annotations

import errno
import secrets
import socket
from collections.abc import Iterable

import psutil

from acideploy.errors import PortError

# Below the ports that systems give to outgoing connections, which would take one that a stopped
# service comes back to. At random, so that two workspaces do not choose the same one.
_RANGE = range(20000, 32768)


def free_port(taken: Iterable[int]) -> int:
    """A port that nothing listens on and that is not in `taken`."""
    avoid = set(taken)
    while True:
        port = secrets.choice(_RANGE)
        if port not in avoid and _try_to_bind(port) is None:
            return port


def require_free(port: int) -> None:
    """Raises PortError where something listens on the port, and names it if it can."""
    error = _try_to_bind(port)
    if error and error.errno == errno.EACCES:
        raise PortError(
            f"port {port} needs more rights than you have", hint="choose a port above 1023"
        ) from error
    if error:
        raise PortError(
            f"port {port} is taken{_by_whom(port)}",
            hint="choose another with `--port`, or leave the port out to get a free one",
        ) from error


def _try_to_bind(port: int) -> OSError | None:
    with socket.socket() as probe:
        # As servers do, so that connections that have ended do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error
    return None


def _by_whom(port: int) -> str:
    try:
        listeners = [
            connection.pid
            for connection in psutil.net_connections(kind="tcp")
            if connection.status == psutil.CONN_LISTEN
            and tuple(connection.laddr)[1:] == (port,)
            and connection.pid
        ]
        return (
            f" by {psutil.Process(listeners[0]).name()} (pid {listeners[0]})" if listeners else ""
        )
    except psutil.Error:
        return ""
