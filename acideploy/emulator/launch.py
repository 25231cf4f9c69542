"""Starts an emulator beside this process, and stops one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from acideploy.emulator.errors import EmulatorError
from acideploy.emulator.running import Running, ask_to_stop, find, is_claimed, log_path
from acideploy.emulator.serve import Settings, as_argument

# Seconds: to begin answering, and to end containers.
_START = 60.0
_STOP = 60.0
_PAUSE = 0.02

Sleep = Callable[[float], None]


def start(settings: Settings, *, sleep: Sleep) -> Running:
    """Starts a detached emulator; returns when it answers. Raises EmulatorError."""
    directory = settings.directory
    if is_claimed(directory):
        raise EmulatorError(
            f"an emulator is running in {directory} already",
            hint="acideploy emulator status, or acideploy emulator stop",
        )
    directory.mkdir(parents=True, exist_ok=True)
    with log_path(directory).open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "acideploy.emulator.serve", as_argument(settings)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        return _wait(process, directory, sleep)
    except BaseException:
        # Who is interrupted here would leave one behind that nobody asked for.
        process.terminate()
        raise


def _wait(process: subprocess.Popen[bytes], directory: Path, sleep: Sleep) -> Running:
    """The emulator that a process is, when it answers."""
    log = log_path(directory)
    for _ in range(int(_START / _PAUSE)):
        running = find(directory)
        if running and running.pid == process.pid:
            return running
        if process.poll() is not None:
            raise _failure(log)
        sleep(_PAUSE)
    raise EmulatorError(f"the emulator did not answer within {_START:.0f} s", hint=f"see {log}")


def stop(directory: Path, *, sleep: Sleep) -> bool:
    """Stops the emulator of a directory, containers and all; False when none runs."""
    running = find(directory)
    if running is None:
        return False
    ask_to_stop(running)
    for _ in range(int(_STOP / _PAUSE)):
        if not is_claimed(directory):
            return True
        sleep(_PAUSE)
    raise EmulatorError(
        f"the emulator (process {running.pid}) has not ended within {_STOP:.0f} s",
        hint=f"kill -9 {running.pid}",
    )


def reset(directory: Path) -> None:
    """Forgets everything an emulator has kept. Raises EmulatorError while it runs."""
    if is_claimed(directory):
        raise EmulatorError("the emulator is running", hint="acideploy emulator stop")
    shutil.rmtree(directory, ignore_errors=True)


def _failure(log: Path) -> EmulatorError:
    lines = log.read_text(errors="replace").splitlines()
    try:
        told = json.loads(lines[-1])
        return EmulatorError(told["error"], hint=told["hint"])
    except (IndexError, ValueError, KeyError, TypeError):
        return EmulatorError("the emulator ended before it answered", hint=f"see {log}")
