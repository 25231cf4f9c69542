"""Whether a store can take a model: better said before the first gigabyte than after the last."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from acideploy.disk import shown
from acideploy.errors import StorageError


def check_room(store: Path, path: Path, *, size: int) -> None:
    """Raises StorageError where `store` is inside `path` or its disk has not `size` bytes free."""
    if Path(os.path.realpath(store)).is_relative_to(os.path.realpath(path)):
        raise StorageError(
            f"{shown(path)} holds the model store itself ({shown(store)})",
            hint="register the folder in it that holds the model",
        )
    check_free(store, size=size)


def check_free(folder: Path, *, size: int) -> None:
    """Raises StorageError where the disk that `folder` is on, or will be, has not `size` bytes."""
    place = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(place).free
    if size > free:
        raise StorageError(
            f"the model has {size:,} bytes and the disk of {shown(place)} has {free:,} left",
            hint="free some space, or set ACIDEPLOY_HOME to a directory on another disk",
        )
