"""Ports on loopback."""

from __future__ import annotations

import errno
import secrets
import socket
from collections.abc import Iterable

import psutil

from acideploy.clock import Clock
from acideploy.errors import PortError
from acideploy.observe import wait_for

# Below the ports that systems give to outgoing connections, which would take one that a stopped
# service comes back to. At random, so that two workspaces do not choose the same one.
_RANGE = range(20000, 32768)

_PATIENCE_SECONDS = 1.0
# What a container leaves behind is an engine's to clear away, which may be busy.
ENGINE_PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.05


def free_port(taken: Iterable[int]) -> int:
    """A port that nothing listens on and that is not in `taken`."""
    avoid = set(taken)
    while True:
        port = secrets.choice(_RANGE)
        if port not in avoid and _is_free(port):
            return port


def require_free(port: int, *, clock: Clock, within: float = _PATIENCE_SECONDS) -> None:
    """Raises PortError where something listens on the port, and names it if it can.

    A process that was killed a moment ago may still be on its way out.
    """
    wait_for(
        lambda: _is_free(port) or None,
        clock=clock,
        within=within,
        every=_LOOK_SECONDS,
        overdue=lambda: _taken(port),
    )


def _is_free(port: int) -> bool:
    return _try_to_bind(port) is None and not _is_listened_on(port)


def _taken(port: int) -> PortError:
    error = _try_to_bind(port)
    if error and error.errno == errno.EACCES:
        return PortError(
            f"port {port} needs more rights than you have", hint="choose a port above 1023"
        )
    return PortError(
        f"port {port} is taken{_by_whom(port)}",
        hint="choose another with `--port`, or leave the port out to get a free one",
    )


def _is_listened_on(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _try_to_bind(port: int) -> OSError | None:
    """Binds as servers do: what is left of connections to an earlier one is not in the way."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
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
        names = [f" by {psutil.Process(pid).name()} (pid {pid})" for pid in listeners]
        return names[0] if names else ""
    except psutil.Error:
        return ""
