"""Whether an emulator runs in a directory, and what its clients need to know of it."""

from __future__ import annotations

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from acideploy.emulator.errors import EmulatorError


@dataclass(frozen=True, kw_only=True)
class Running:
    """An emulator that answers. `speed` is as it was asked for; `engine` None: nothing runs."""

    pid: int
    url: str
    speed: str
    engine: str | None
    registry: str | None
    client_secret: str


def log_path(directory: Path) -> Path:
    """What a detached emulator says."""
    return directory / "emulator.log"


@contextmanager
def claimed(directory: Path) -> Iterator[None]:
    """Holds a directory for this process. Raises EmulatorError when another one has it.

    The lock ends with the process, however it ends: no file can say that something runs which
    does not.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with _lock_path(directory).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EmulatorError(
                f"an emulator is running in {directory} already",
                hint="acideploy emulator status, or acideploy emulator stop",
            ) from error
        _state_path(directory).unlink(missing_ok=True)
        try:
            yield
        finally:
            _state_path(directory).unlink(missing_ok=True)


def announce(directory: Path, running: Running) -> None:
    """Tells clients that the emulator answers now. It holds a secret: only the owner may read."""
    new = directory / f"running.{running.pid}"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(running), file)
    new.replace(_state_path(directory))


def find(directory: Path) -> Running | None:
    """The emulator that answers from a directory; None when there is none, or not yet."""
    if not is_claimed(directory):
        return None
    try:
        state: dict[str, Any] = json.loads(_state_path(directory).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return Running(**state)


def is_claimed(directory: Path) -> bool:
    """True when an emulator runs in a directory, whether it answers yet or not."""
    try:
        lock = _lock_path(directory).open()
    except FileNotFoundError:
        return False
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def ask_to_stop(running: Running) -> None:
    """Asks it to end; it ends its containers first."""
    try:
        os.kill(running.pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise EmulatorError(
            f"process {running.pid} belongs to another user", hint=f"sudo kill {running.pid}"
        ) from error


def _lock_path(directory: Path) -> Path:
    return directory / "lock"


def _state_path(directory: Path) -> Path:
    return directory / "running.json"
