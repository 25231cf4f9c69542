"""Which registry a folder is tied to: `.azureml/config.json`, in it or in a folder above."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acideploy.atomic import write_atomically
from acideploy.config.problem import Place, Problem
from acideploy.disk import storage_error
from acideploy.errors import ConfigurationError

REGISTRY_VARIABLE = "ACIDEPLOY_REGISTRY"

_FILE = Path(".azureml") / "config.json"
_KEY = "registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """The registry, and where it is said: a file, a flag or a variable."""

    registry: str
    origin: str


def choose_registry(
    given: str | None, variables: Mapping[str, str], folder: Path
) -> Attachment | None:
    """The registry of the flag, else of `ACIDEPLOY_REGISTRY`, else of the folder."""
    if given:
        return Attachment(registry=given, origin="--registry")
    if named := variables.get(REGISTRY_VARIABLE):
        return Attachment(registry=named, origin=REGISTRY_VARIABLE)
    return find_attachment(folder)


def find_attachment(folder: Path) -> Attachment | None:
    """The nearest file that names a registry. Raises ConfigurationError."""
    for place in (folder, *folder.absolute().parents):
        file = place / _FILE
        registry = _read(file).get(_KEY) if file.is_file() else None
        if registry:
            return Attachment(registry=str(registry), origin=str(file))
    return None


def attach(folder: Path, registry: str) -> Path:
    """Ties the folder to a registry; what else its file says stays. Returns the file.

    Raises ConfigurationError where that file is damaged, and StorageError.
    """
    file = folder / _FILE
    written = {**(_read(file) if file.is_file() else {}), _KEY: registry}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, f"{json.dumps(written, indent=4)}\n".encode())
    except OSError as error:
        raise storage_error("write", file, error) from error
    return file


def _read(file: Path) -> dict[str, Any]:
    try:
        written = json.loads(file.read_bytes())
        return dict(written)
    except OSError as error:
        raise storage_error("read", file, error) from error
    except (ValueError, TypeError) as error:
        problem = Problem(
            code="bad-syntax",
            severity="error",
            message=f"it is not a JSON object: {error}",
            place=Place(file=str(file)),
            hint="mend it, or remove it and attach the folder again",
        )
        raise ConfigurationError([problem]) from error
