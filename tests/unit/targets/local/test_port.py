"""Ports on loopback."""

from __future__ import annotations

import os
import socket

import pytest

from acideploy.clock import SystemClock
from acideploy.errors import PortError
from acideploy.targets.local.port import free_port, require_free


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("shared", [False, True])
def test_a_port_that_somebody_listens_on_is_refused_and_its_owner_named(
    address: str, shared: bool
) -> None:
    with socket.socket() as listener:
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((address, 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(PortError, match=rf"port {port} is taken by .*\(pid {os.getpid()}\)"):
            require_free(port, clock=SystemClock())
    require_free(port, clock=SystemClock())


def test_a_free_port_is_none_of_those_taken() -> None:
    taken: set[int] = set()
    for _ in range(50):
        taken.add(free_port(taken))
    assert len(taken) == 50
