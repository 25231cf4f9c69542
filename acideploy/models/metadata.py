"""The file that `model register -t` writes and `model deploy -f` reads."""

from __future__ import annotations

import json
from pathlib import Path

from acideploy.disk import shown
from acideploy.errors import StorageError
from acideploy.models import Model

# What the local workspace is called where an Azure workspace has names.
LOCAL_WORKSPACE = "local"
LOCAL_RESOURCE_GROUP = "local"


def write_metadata(
    path: Path,
    model: Model,
    *,
    workspace: str = LOCAL_WORKSPACE,
    resource_group: str = LOCAL_RESOURCE_GROUP,
) -> None:
    """Writes the file, which may be `/dev/stdout`. Raises StorageError."""
    written = {
        "modelId": model.id,
        "workspaceName": workspace,
        "resourceGroupName": resource_group,
    }
    try:
        path.write_text(f"{json.dumps(written, indent=2)}\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{model.id} is registered, but {shown(path)} cannot be written: {error.strerror}",
            hint=f"use -m {model.id} in place of -f {shown(path)}",
        ) from error
