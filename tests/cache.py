"""What tests make once and keep, below `ACIDEPLOY_TEST_CACHE` or else `.cache/`."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def cache_directory(kind: str) -> Path:
    """The folder for things of this kind. Their names say what is in them."""
    path = Path(os.environ.get("ACIDEPLOY_TEST_CACHE") or REPOSITORY / ".cache" / kind)
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def only_one_process(path: Path) -> Iterator[None]:
    """Holds a lock file; others wait."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
