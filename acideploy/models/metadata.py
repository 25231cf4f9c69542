"""The file that `model register -t` writes and `model deploy -f` reads."""

from __future__ import annotations

import json
from pathlib import Path

from acideploy.atomic import write_atomically
from acideploy.disk import storage_error
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
    """Replaces `path`. Raises StorageError."""
    written = {
        "modelId": model.id,
        "workspaceName": workspace,
        "resourceGroupName": resource_group,
    }
    try:
        write_atomically(path, f"{json.dumps(written, indent=2)}\n".encode())
    except OSError as error:
        raise storage_error("write", path, error) from error
