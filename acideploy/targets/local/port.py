"""Ports on loopback."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

import psutil

from acideploy.errors import PortError


def free_port(taken: Iterable[int]) -> int:
    """A port that nothing listens on and that is not in `taken`."""
    avoid = set(taken)
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in avoid:
            return port


def require_free(port: int) -> None:
    """Raises PortError where something listens on the port, and names it if it can."""
    with socket.socket() as probe:
        # As servers do, so that connections that have ended do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise PortError(
                    f"port {port} needs more rights than you have", hint="choose a port above 1023"
                ) from error
            raise PortError(
                f"port {port} is taken{_by_whom(port)}",
                hint="choose another with `--port`, or leave the port out to get a free one",
            ) from error


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
