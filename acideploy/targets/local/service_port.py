"""The port of a service, from one revision to the next."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from acideploy.config.values import Runtime
from acideploy.errors import EngineError, PortError
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.port import free_port, require_free


def choose_port(folder: ServiceFolder, wanted: int | None, taken: Mapping[int, str]) -> int:
    """The port that is wanted, else the one that the service has, else a free one.

    `taken` gives the services that have the other ports. Raises PortError.
    """
    known = folder.record()
    current = known.current if known else None
    port = wanted or (current.port if current else None)
    if port is None:
        return free_port(taken)
    if port in taken:
        raise PortError(
            f"port {port} belongs to service {taken[port]}",
            hint="choose another, or leave the port out to get a free one",
        )
    if current and current.port == port:
        if folder.is_alive(current):
            # The one that will take its place gets it from the revision that serves.
            return port
        # Workers that a killed server left behind would keep the port.
        with suppress(EngineError):
            folder.server(current).stop()
    require_free(port, clock=folder.clock)
    return port


def choose_trial_port(
    folder: ServiceFolder, port: int, runtime: Runtime, taken: Mapping[int, str]
) -> int | None:
    """Where a candidate is tried while another has its port; None where it need not wait for it."""
    known = folder.record()
    current = known.current if known else None
    if current is None or current.port != port or not folder.is_alive(current):
        return None
    shared = current.runtime == runtime == "process"
    return None if shared else free_port({*taken, port})
