"""Where the local workspace is kept."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """`ACIDEPLOY_HOME`, else the user's state directory for this program."""
    if named := os.environ.get("ACIDEPLOY_HOME"):
        return Path(named).expanduser().absolute()
    from platformdirs import user_state_path

    return user_state_path("acideploy", appauthor=False)


def store_directory(workspace: Path) -> Path:
    """The OCI image layout with the registered models."""
    return workspace / "store"


def services_directory(workspace: Path) -> Path:
    """One folder for each service."""
    return workspace / "services"


def environments_directory(workspace: Path) -> Path:
    """The virtual environments, each named by what was asked for."""
    return workspace / "environments"


def secrets_directory(workspace: Path) -> Path:
    """Keys of services in Azure, where the workspace has no Key Vault."""
    return workspace / "secrets"


def crash_logs_directory(workspace: Path) -> Path:
    """The logs of services in Azure that crashed while they were waited for."""
    return workspace / "crash-logs"


def prices_file(workspace: Path) -> Path:
    """What Azure's price list said today."""
    return workspace / "prices.json"
