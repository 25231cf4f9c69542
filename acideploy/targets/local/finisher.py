"""Finishes a deploy for which nobody waits (`--no-wait`), in a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import psutil

from acideploy.clock import SystemClock
from acideploy.errors import AcideployError
from acideploy.events import ignore
from acideploy.targets.local import rollout
from acideploy.targets.local.engines import Engines
from acideploy.targets.local.folder import ServiceFolder

_MODULE = "acideploy.targets.local.finisher"

# The command that started us gives its lock up within moments.
_LOCK_SECONDS = 30.0


def begin(service_folder: Path) -> None:
    """Starts the process, which outlives the command."""
    subprocess.Popen(
        [sys.executable, *_arguments(service_folder)],
        # Not the user's folder, whose modules would hide the library's.
        cwd=service_folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def is_waiting(service_folder: Path) -> bool:
    """Whether such a process waits for the service, or is about to."""
    return bool(_processes(service_folder))


def cancel(service_folder: Path) -> None:
    """Ends it, and so gives its lock back."""
    processes = _processes(service_folder)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(processes, timeout=1)


def _arguments(service_folder: Path) -> list[str]:
    return ["-m", _MODULE, str(service_folder)]


def _processes(service_folder: Path) -> list[psutil.Process]:
    wanted = _arguments(service_folder)
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.cmdline()[1:] == wanted and process.pid != os.getpid():
                found.append(process)
    return found


def main(service_folder: Path) -> None:
    """Waits for the candidate; the outcome is in the service's record."""
    folder = ServiceFolder(service_folder, SystemClock(), Engines(os.environ))
    with contextlib.suppress(AcideployError), folder.locked(within=_LOCK_SECONDS):
        record = folder.record()
        if record and record.candidate:
            rollout.finish(folder, record, emit=ignore)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
