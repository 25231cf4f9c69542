"""Where a container engine listens on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from acideploy.emulator.aci.engine.api import why_not

_PING_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`host` of an engine that answers, as in DOCKER_HOST; None, and then the reason."""

    host: str | None
    reason: str = ""


def find_engine(variables: Mapping[str, str]) -> Found:
    """The engine to use. `variables` is the environment.

    One that is named there is meant alone; else Docker's usual sockets are tried, then Podman's.
    """
    named = variables.get("DOCKER_HOST") or variables.get("CONTAINER_HOST")
    tried = []
    for host in [named] if named else _usual_hosts(variables):
        problem = why_not(host, seconds=_PING_SECONDS)
        if problem is None:
            return Found(host=host)
        tried.append(f"{host}: {problem}")
    return Found(host=None, reason=f"no container engine answers; tried {'; '.join(tried)}")


def _usual_hosts(variables: Mapping[str, str]) -> Iterator[str]:
    own = variables.get("XDG_RUNTIME_DIR")
    yield "unix:///var/run/docker.sock"
    if own:
        yield f"unix://{own}/docker.sock"
    yield "unix:///run/podman/podman.sock"
    if own:
        yield f"unix://{own}/podman/podman.sock"
