"""Where container engines listen on a machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

# Docker's default; Podman's, of the whole machine and of one user (`$XDG_RUNTIME_DIR`).
_DOCKER_SOCKET = "/var/run/docker.sock"
_PODMAN_SOCKET = "/run/podman/podman.sock"
_USERS_PODMAN_SOCKET = "podman/podman.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address (`unix:///var/run/docker.sock`), and `source`, what names it."""

    address: str
    source: str

    def __str__(self) -> str:
        return f"{self.address} ({self.source})" if self.source else self.address


def endpoints(
    variables: Mapping[str, str], *, context: Endpoint | None = None
) -> tuple[Endpoint, ...]:
    """Where to look for an engine, in this order.

    A variable that names one means that one and no other, as for `docker` and `podman --remote`.
    `context` is that of the docker command, if one was chosen.
    """
    for name in ("DOCKER_HOST", "CONTAINER_HOST"):
        if address := variables.get(name):
            return (Endpoint(address=address, source=name),)
    sockets = [_DOCKER_SOCKET]
    if runtime_directory := variables.get("XDG_RUNTIME_DIR"):
        sockets.append(f"{runtime_directory}/{_USERS_PODMAN_SOCKET}")
    sockets.append(_PODMAN_SOCKET)
    usual = (Endpoint(address=f"unix://{socket}", source="") for socket in sockets)
    return (*([context] if context else ()), *usual)


def is_on_this_machine(address: str) -> bool:
    """Whether the engine runs here: a socket does, and a host by its name or number."""
    url = urlsplit(address)
    if url.scheme not in ("tcp", "ssh", "http", "https"):
        return True
    host = url.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "")
