"""The names that completion offers: read straight from the state directory, without the workspace.

Nothing here fails or imports more than the standard library; where nothing can be read, there is
nothing to offer.
"""

from __future__ import annotations

import json
from pathlib import Path


def service_names() -> tuple[str, ...]:
    """The folders below `services` that a service left there, sorted."""
    try:
        return tuple(
            sorted(
                entry.name
                for entry in (_home() / "services").iterdir()
                if entry.is_dir() and not entry.name.startswith(".")
            )
        )
    except OSError:
        return ()


def model_ids() -> tuple[str, ...]:
    """`name:version` of every registered model: the annotations of the OCI layout's index."""
    try:
        index = json.loads((_home() / "models" / "index.json").read_bytes())
        manifests = index.get("manifests", [])
        names = [each["annotations"]["org.opencontainers.image.ref.name"] for each in manifests]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()
    return tuple(sorted(name.removeprefix("models/") for name in names))


def files(start: str) -> tuple[str, ...]:
    """Paths that begin with `start`; folders end with a slash."""
    folder, slash, _ = start.rpartition("/")
    try:
        entries = sorted(Path(folder + slash or ".").expanduser().iterdir())
    except OSError:
        return ()
    names = (folder + slash + entry.name + ("/" if entry.is_dir() else "") for entry in entries)
    return tuple(name for name in names if name.startswith(start))


def _home() -> Path:
    from acideploy.api import home

    return home()
