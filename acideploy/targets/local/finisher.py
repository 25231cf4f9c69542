"""Finishes a deploy for which nobody waits (`--no-wait`), in a process of its own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

from acideploy.clock import SystemClock
from acideploy.errors import AcideployError
from acideploy.events import ignore
from acideploy.targets.local import rollout
from acideploy.targets.local.folder import ServiceFolder

# The command that started us gives its lock up within moments.
_LOCK_SECONDS = 30.0


def launch(service_folder: Path) -> None:
    """Starts the process, which outlives the command."""
    subprocess.Popen(
        [sys.executable, "-m", __name__, str(service_folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def main(service_folder: Path) -> None:
    """Waits for the candidate; the outcome is in the service's record."""
    folder = ServiceFolder(service_folder, SystemClock())
    with contextlib.suppress(AcideployError), folder.locked(within=_LOCK_SECONDS):
        record = folder.record()
        if record and record.candidate:
            rollout.finish(folder, record, emit=ignore)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
