"""Server processes that outlive the command that starts them.

A server and its workers are known by their command line, which names the folder that they run
from: a process id is used again, and a command may be killed before it has written one down.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from acideploy.clock import Clock
from acideploy.errors import DeadlineError
from acideploy.observe import wait_for

# The server itself gives running scores 30 s to finish.
_GRACE_SECONDS = 32.0
# A process that was killed is gone as soon as the kernel gets to it.
_KILL_SECONDS = 1.0
_LOOK_SECONDS = 0.01


def start_detached(
    command: Sequence[str], *, directory: Path, variables: Mapping[str, str], log: Path
) -> int:
    """Starts a process in a session of its own, its output in `log`; returns its id.

    Raises OSError.
    """
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
    return process.pid


def runs_from(pid: int | None, folder: Path) -> bool:
    """Whether that process is alive and is a server, or a worker, that runs from `folder`."""
    try:
        return pid is not None and _runs(process := psutil.Process(pid)) and _is_of(process, folder)
    except psutil.Error:
        return False


def processes_of(folder: Path) -> list[psutil.Process]:
    """Every living process that runs from `folder` or a folder in it, the oldest first."""
    found = [process for process in psutil.process_iter() if _is_of(process, folder)]
    return [process for process in found if _runs(process)]


def stop(folder: Path, *, clock: Clock) -> None:
    """Ends what runs from `folder`. Scores under way may finish, for half a minute at most."""
    family = processes_of(folder)
    family += [child for process in family for child in _children(process) if child not in family]
    # Servers end their workers. A worker without one is told itself.
    leaders = [process for process in family if _parent(process) not in family]
    try:
        for process in leaders:
            with contextlib.suppress(psutil.Error):
                process.terminate()
        _wait_until_gone(leaders, _GRACE_SECONDS, clock)
    finally:
        # Also for who presses Ctrl-C because that takes too long.
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()
        _wait_until_gone(family, _KILL_SECONDS, clock)


def _wait_until_gone(processes: Sequence[psutil.Process], seconds: float, clock: Clock) -> None:
    """Returns after `seconds` at the latest. Zombies are gone: nobody may be there to bury them."""
    with contextlib.suppress(DeadlineError):
        wait_for(
            lambda: not any(map(_runs, processes)) or None,
            clock=clock,
            within=seconds,
            every=_LOOK_SECONDS,
            overdue=lambda: DeadlineError("the processes go on"),
        )


def _is_of(process: psutil.Process, folder: Path) -> bool:
    """By a word of the command line; workers have that of their server."""
    try:
        words = process.cmdline()
    except (psutil.Error, OSError):
        return False
    return any(word == str(folder) or word.startswith(f"{folder}/") for word in words[1:2])


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _parent(process: psutil.Process) -> psutil.Process | None:
    try:
        return process.parent()
    except psutil.Error:
        return None
