"""The file that ties a folder to a workspace: `.azureml/config.json`, in it or further up."""

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

# The parts of a workspace, and their keys in the file; the first three are the retired tool's.
KEYS = {
    "subscription": "subscription_id",
    "resource_group": "resource_group",
    "workspace_name": "workspace_name",
    "registry": "registry",
    "location": "location",
    "key_vault": "key_vault",
    "application_insights": "application_insights",
    "storage": "storage",
    "pull_identity": "pull_identity",
}

# What tells one workspace from another.
COORDINATES = ("subscription", "resource_group", "workspace_name")

_FILE = Path(".azureml") / "config.json"
_OURS = {*KEYS.values(), "Id", "Scope"}
_NAMES = ("config.json", "project.json")
# Bare ones last: a file of such a name may be anybody's.
_BARE = ""
_FOLDERS = (".azureml", "aml_config", _BARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentFile:
    """What a file says of the parts of a workspace."""

    path: Path
    parts: Mapping[str, str]


def find_file(folder: Path) -> AttachmentFile | None:
    """The file that says something of a workspace, in the retired tool's order; or that very file.

    Raises ConfigurationError where one that can only be ours is damaged.
    """
    if folder.is_file():
        return AttachmentFile(path=folder, parts=_named(folder))
    for name in _NAMES:
        for inner in _FOLDERS:
            for place in (folder, *folder.absolute().parents):
                file = place / inner / name
                if file.is_file() and (parts := _bare(file) if inner == _BARE else _named(file)):
                    return AttachmentFile(path=file, parts=parts)
    return None


def is_whole(parts: Mapping[str, str]) -> bool:
    """Whether they name a workspace (but for its subscription) without any others."""
    wholes = ({"workspace_name"}, {"registry", "location"})
    return "resource_group" in parts and any(each <= parts.keys() for each in wholes)


def is_another(parts: Mapping[str, str], given: Mapping[str, str]) -> bool:
    """Whether what is given names another workspace than these parts are of."""
    whole = is_whole(given)
    if not (whole or "workspace_name" in parts):
        return False
    if whole and "workspace_name" in parts and "workspace_name" not in given:
        return True
    both = [part for part in COORDINATES if part in given and part in parts]
    return any(given[part].lower() != parts[part].lower() for part in both)


def attach(folder: Path, parts: Mapping[str, str]) -> Path:
    """Writes the parts to the folder's file; what else it says stays, but of another workspace.

    Returns the file. Raises ConfigurationError where that file is damaged, and StorageError.
    """
    file = folder if folder.is_file() else folder / _FILE
    before = _read(file) if file.is_file() else {}
    if is_another(_parts(before, file), parts):
        before = {key: value for key, value in before.items() if key not in _OURS}
    written = {**before, **{KEYS[part]: value for part, value in parts.items()}}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, f"{json.dumps(written, indent=4)}\n".encode())
    except OSError as error:
        raise storage_error("write", file, error) from error
    return file


def _named(file: Path) -> dict[str, str]:
    """The parts that a file names which is ours: nothing if it says nothing at all."""
    written = _read(file)
    parts = _parts(written, file)
    if written and not parts:
        # Else a misspelt key would have another folder's file decide.
        raise _wrong(
            file,
            code="missing-key",
            message=f"it names no part of a workspace: its keys are {', '.join(written)}",
            hint=f"the keys are {', '.join(KEYS[part] for part in COORDINATES)}; "
            "`acideploy folder attach` writes them",
        )
    return parts


def _bare(file: Path) -> dict[str, str]:
    """The same of a file that may be anybody's: nothing unless it names a workspace."""
    try:
        parts = _parts(_read(file), file)
    except ConfigurationError:
        return {}
    return parts if "workspace_name" in parts else {}


def _parts(written: Mapping[str, Any], file: Path) -> dict[str, str]:
    """Raises ConfigurationError for what is no text."""
    parts = _scope(written)
    for part, key in KEYS.items():
        if value := written.get(key):
            if not isinstance(value, str):
                raise _wrong(
                    file,
                    code="wrong-type",
                    message=f"{key} is {json.dumps(value)}, which is no text",
                    hint="put it in quotes",
                )
            parts[part] = value
    return parts


def _scope(written: Mapping[str, Any]) -> dict[str, str]:
    """What the oldest files say: the id of the workspace, as one text."""
    pieces = str(written.get("Scope") or "").split("/")
    if len(pieces) < 9:
        return {}
    return {"subscription": pieces[2], "resource_group": pieces[4], "workspace_name": pieces[8]}


def _read(file: Path) -> dict[str, Any]:
    try:
        written = json.loads(file.read_bytes())
    except OSError as error:
        raise storage_error("read", file, error) from error
    except json.JSONDecodeError as error:
        line = error.doc.split("\n")[error.lineno - 1]
        place = Place(file=str(file), line=error.lineno, column=error.colno, text=line)
        message = f"it is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise _wrong(file, code="bad-syntax", message=message, place=place) from error
    except (ValueError, RecursionError) as error:
        raise _wrong(file, code="bad-syntax", message="it is not JSON") from error
    if not isinstance(written, dict):
        raise _wrong(file, code="not-a-mapping", message="it is not a JSON object")
    return written


def _wrong(
    file: Path,
    *,
    code: str,
    message: str,
    place: Place | None = None,
    hint: str = "mend it, or remove it and attach the folder again",
) -> ConfigurationError:
    problem = Problem(
        code=code,
        severity="error",
        message=message,
        place=place or Place(file=str(file)),
        hint=hint,
    )
    return ConfigurationError([problem])
