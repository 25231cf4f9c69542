"""What runs a service, and what a service looks like whatever runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from acideploy.config.problem import Place
from acideploy.config.values import Runtime

# The states of the retired LocalWebservice, and `stopped`.
LocalState: TypeAlias = Literal["deploying", "running", "failed", "stopped", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A deployed service as it is now.

    `state` is one of `LocalState` for a local service; in Azure `Healthy`, `Transitioning`,
    `Unhealthy`, `Failed` or `Stopped`. `error` says why a failed one failed.
    `models` are `name:version`. `image_digest` is that of the image's manifest, `image_id` of its
    config, `container` the name of its container, with `cpu` in cores and `memory_in_gb` in GiB.
    """

    name: str
    state: str
    compute_type: str
    created_time: datetime
    updated_time: datetime
    revision: int
    scoring_uri: str | None = None
    swagger_uri: str | None = None
    port: int | None = None
    runtime: Runtime | None = None
    pid: int | None = None
    container: str | None = None
    container_id: str | None = None
    image_digest: str | None = None
    image_id: str | None = None
    cpu: float | None = None
    memory_in_gb: float | None = None
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    environment: Mapping[str, object] = field(default_factory=dict)
    environment_digest: str | None = None
    auth_enabled: bool = False
    ssl_enabled: bool = False
    app_insights_enabled: bool = False
    error: str | None = None
    log_file: Path | None = None
    location: str | None = None
    cname: str | None = None
    public_ip: str | None = None
    public_fqdn: str | None = None
    workspace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    primary: str = field(repr=False)
    secondary: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service answered to a scoring request. `body` is as sent.

    `cause` is the exception that `run()` raised, and `place` the line of the user's script.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    cause: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What a command in a container is shown in; `write` takes what it says."""

    rows: int
    columns: int
    write: Callable[[bytes], None]
