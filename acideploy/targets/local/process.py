"""Server processes that outlive the command that starts them."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from acideploy.clock import Clock
from acideploy.targets.local.record import ProcessIdentity

# The server itself gives running scores 30 s to finish.
_GRACE_SECONDS = 32.0


def start_detached(
    command: Sequence[str], *, directory: Path, variables: Mapping[str, str], log: Path
) -> ProcessIdentity:
    """Starts a process in a session of its own, its output in `log`. Raises OSError."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    created = psutil.Process(process.pid).create_time()
    return ProcessIdentity(pid=process.pid, created=created)


def is_alive(identity: ProcessIdentity | None) -> bool:
    """Whether that very process still runs."""
    return identity is not None and _find(identity) is not None


def stop(identity: ProcessIdentity | None, *, directory: Path, clock: Clock) -> None:
    """Ends the server, which ends its workers when their scores are done; kills what is left.

    Workers are also found when their parent is gone, by the directory that they run in.
    """
    if identity is None:
        return
    if leader := _find(identity):
        workers = _children(leader)
        with contextlib.suppress(psutil.NoSuchProcess):
            leader.terminate()
        deadline = clock.monotonic() + _GRACE_SECONDS
        while _runs(leader) and clock.monotonic() < deadline:
            clock.sleep(0.02)
        left = [leader, *workers, *_orphans(identity, directory)]
    else:
        left = _orphans(identity, directory)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=1)


def _find(identity: ProcessIdentity) -> psutil.Process | None:
    try:
        process = psutil.Process(identity.pid)
        same = abs(process.create_time() - identity.created) < 0.01
    except psutil.NoSuchProcess:
        return None
    return process if same and _runs(process) else None


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _children(leader: psutil.Process) -> list[psutil.Process]:
    try:
        return leader.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _orphans(identity: ProcessIdentity, directory: Path) -> list[psutil.Process]:
    return [
        process for process in psutil.process_iter() if _is_orphan(process, identity, directory)
    ]


def _is_orphan(process: psutil.Process, identity: ProcessIdentity, directory: Path) -> bool:
    try:
        return os.getpgid(process.pid) == identity.pid and Path(process.cwd()).is_relative_to(
            directory
        )
    except (psutil.Error, OSError):
        return False
