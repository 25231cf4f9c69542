"""A lock that one holder has at a time, over threads and processes, and that dies with its holder.

The lock is the kernel's (`flock`) on an open file: however a process ends, its locks end with it.
The file itself stays behind and means nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from acideploy.clock import Clock
from acideploy.disk import storage_error
from acideploy.errors import BusyError
from acideploy.observe import wait_for

_LOOK_EVERY = 0.02


@contextmanager
def lock(
    path: Path, *, clock: Clock, within: float, busy: Callable[[], BusyError]
) -> Iterator[None]:
    """Holds the lock file or folder `path` for the length of a `with` block.

    Makes the file where there is none. Raises what `busy` makes when somebody else still holds it
    after `within` seconds, and StorageError where it cannot be locked at all. Not reentrant.
    """
    descriptor = wait_for(
        lambda: _acquire(path), clock=clock, within=within, every=_LOOK_EVERY, overdue=busy
    )
    try:
        yield
    finally:
        release(descriptor)


def holder(path: Path) -> int | None:
    """The process that last took the lock file `path`, for messages: it may have ended since."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def take(descriptor: int) -> bool:
    """Locks an open file unless somebody else has. Raises OSError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def release(descriptor: int) -> None:
    """Unlocks and closes: closing alone would leave the lock with a forked child."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether somebody has the lock of the file `path`. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return not take(descriptor)
    finally:
        os.close(descriptor)


def _acquire(path: Path) -> int | None:
    """The open, locked file; None while somebody else has it."""
    try:
        descriptor = _open(path)
        try:
            if take(descriptor) and _is_still_there(descriptor, path):
                _sign(descriptor, path)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        raise storage_error("lock", path, error) from error
    os.close(descriptor)
    return None


def _open(path: Path) -> int:
    if path.is_dir():
        return os.open(path, os.O_RDONLY)
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _is_still_there(descriptor: int, path: Path) -> bool:
    """Whether `path` is the file that was locked: its folder may have been removed meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    return False


def _sign(descriptor: int, path: Path) -> None:
    if not path.is_dir():
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
