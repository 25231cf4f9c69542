"""Containers, as they are asked for and as an engine finds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from acideploy.config.values import Limits

# Where the server in a container listens.
CONTAINER_PORT = 5001
_GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container to make. `port` of loopback leads to the port that its server listens on."""

    name: str
    image: str
    port: int
    labels: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerState:
    """A container as it is now. `error` is why it could not be started."""

    id: str
    user: str
    running: bool
    exit_code: int
    out_of_memory: bool
    error: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineImage:
    """An image that an engine has; `size` in bytes."""

    id: str
    tags: tuple[str, ...]
    size: int


def state_of(inspected: Mapping[str, Any]) -> ContainerState:
    """From what an engine tells of a container."""
    state = inspected["State"]
    return ContainerState(
        id=inspected["Id"],
        user=inspected["Config"].get("User") or "",
        running=bool(state.get("Running")),
        exit_code=int(state.get("ExitCode") or 0),
        out_of_memory=bool(state.get("OOMKilled")),
        error=state.get("Error") or "",
        command=(inspected.get("Path", ""), *(inspected.get("Args") or ())),
    )


def resources(limits: Limits) -> dict[str, int]:
    """The limits as an engine is told them."""
    asked: dict[str, int] = {}
    if limits.cpu is not None:
        asked["nano_cpus"] = int(limits.cpu * 10**9)
    if limits.memory_in_gb is not None:
        # The same with swap: a service that swaps answers too late, and no one sees why.
        asked["mem_limit"] = asked["memswap_limit"] = int(limits.memory_in_gb * _GIB)
    return asked
