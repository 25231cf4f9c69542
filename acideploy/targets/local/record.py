"""What is written down about a local service, in `service.json` of its directory.

The file is replaced as a whole, so a reader needs no lock and a kill leaves the old one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from acideploy.atomic import write_atomically
from acideploy.errors import StorageError

FILE_NAME = "service.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessIdentity:
    """A process id is used again; with the moment it began (seconds since 1970) it is unique."""

    pid: int
    created: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One deploy of a service: everything needed to start it again.

    `entry_script`, `source_directory` and `model_directory` are relative to the app root. `origin`
    is the directory that the code came from, for messages about the user's own files. `parts`
    names the content of each part, so that two deploys can be compared. `environment` is the
    object of the inference config, and `environment_request` what was asked for in pip's terms.
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
    python: str
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
    process: ProcessIdentity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A service. `candidate` is a revision that has been started and not yet been seen healthy."""

    name: str
    created_time: str
    updated_time: str
    current: Revision | None = None
    candidate: Revision | None = None
    last_number: int = 0
    stopped: bool = False
    error: str | None = None

    def changed(self, now: datetime, **changes: Any) -> Record:
        """The same record with these changes, updated at `now`."""
        return replace(self, updated_time=now.isoformat(), **changes)


def read_record(directory: Path) -> Record | None:
    """The record of the service in `directory`, or None. Raises StorageError for a damaged one."""
    path = directory / FILE_NAME
    try:
        fields = json.loads(path.read_bytes())
        for part in ("current", "candidate"):
            fields[part] = fields[part] and _revision(fields[part])
        return Record(**fields)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StorageError(
            f"{path} cannot be read: {error}", hint=f"remove {directory} and deploy again"
        ) from error


def write_record(directory: Path, record: Record) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    write_atomically(directory / FILE_NAME, json.dumps(asdict(record), indent=2).encode())


def _revision(fields: dict[str, Any]) -> Revision:
    process = fields["process"] and ProcessIdentity(**fields["process"])
    return Revision(**{**fields, "process": process, "models": tuple(fields["models"])})
