"""What is written down about a local service, in `service.json` of its directory.

The file is replaced as a whole, so a reader needs no lock and a kill leaves the old one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from acideploy.atomic import write_atomically
from acideploy.config.values import Limits, Runtime
from acideploy.disk import storage_error
from acideploy.errors import StorageError

FILE_NAME = "service.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerRun:
    """How a revision runs in a container: the engine's address, and the image's name in it.

    `image_digest` is that of the image's manifest, `image_id` of its config. `base` is the name of
    the image below, where that is known.
    """

    engine: str
    image: str
    image_digest: str
    image_id: str
    base: str | None = None
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One deploy of a service: everything needed to start it again.

    `entry_script`, `source_directory` and `model_directory` are relative to the app root. `origin`
    is the directory that the code came from, for messages about the user's own files. `parts`
    names the content of each part, so that two deploys can be compared. `environment` is the
    object of the inference config, and `environment_request` what was asked for in pip's terms.

    It is a process of the interpreter `python`, unless it is a `container`. `base` is the image
    below, of which an update makes the next one. `trial_port` is where
    it listens until the revision before it has left the service's port.
    """

    number: int
    created_time: str
    parts: Mapping[str, str]
    port: int
    models: tuple[str, ...]
    entry_script: str
    source_directory: str | None
    model_directory: str
    origin: str
    environment_request: Mapping[str, Any]
    environment: Mapping[str, Any]
    variables: Mapping[str, str]
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    auth_enabled: bool = False
    ssl_enabled: bool = False
    cname: str | None = None
    app_insights_enabled: bool = False
    python: str | None = None
    pid: int | None = None
    container: ContainerRun | None = None
    base: Mapping[str, Any] | None = None
    trial_port: int | None = None

    @property
    def runtime(self) -> Runtime:
        return "container" if self.container else "process"

    @property
    def listening_port(self) -> int:
        return self.trial_port or self.port


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A service. `candidate` is a revision that has been started and not yet been seen healthy.

    `switching` says that the current one has been stopped for the candidate to take its port.
    """

    name: str
    created_time: str
    updated_time: str
    current: Revision | None = None
    candidate: Revision | None = None
    last_number: int = 0
    stopped: bool = False
    switching: bool = False
    error: str | None = None

    def changed(self, now: datetime, **changes: Any) -> Record:
        """The same record with these changes. What only prepares a deploy is no update."""
        if not {"current", "stopped"} & changes.keys():
            return replace(self, **changes)
        return replace(self, updated_time=now.isoformat(), **changes)


def read_record(directory: Path) -> Record | None:
    """The record of the service in `directory`, or None. Raises StorageError for a damaged one."""
    path = directory / FILE_NAME
    try:
        written = json.loads(path.read_bytes())
        parts = {name: written.get(name) for name in ("current", "candidate")}
        revisions = {name: part and _revision(part) for name, part in parts.items()}
        return Record(**{**_known(Record, written), **revisions})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise StorageError(
            f"{path} cannot be read: {error}",
            hint=f"acideploy service delete -n {directory.name}, and deploy again",
        ) from error


def write_record(directory: Path, record: Record) -> None:
    """Raises StorageError. The file is its owner's alone: variables may be secrets."""
    path = directory / FILE_NAME
    try:
        write_atomically(path, json.dumps(asdict(record), indent=2).encode(), mode=0o600)
    except OSError as error:
        raise storage_error("write", path, error) from error


def _revision(written: dict[str, Any]) -> Revision:
    models = tuple(written.get("models", ()))
    container = written.get("container") and _container_run(written["container"])
    return Revision(**{**_known(Revision, written), "models": models, "container": container})


def _container_run(written: dict[str, Any]) -> ContainerRun:
    limits = Limits(**_known(Limits, written["limits"]))
    return ContainerRun(**{**_known(ContainerRun, written), "limits": limits})


def _known(kind: type, written: dict[str, Any]) -> dict[str, Any]:
    """The fields that this version knows: a later one may have written more."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in written.items() if name in names}
