"""Takes up, or away, what killed commands have left of a service. Called with its lock held."""

from __future__ import annotations

import shutil

from acideploy.errors import BusyError
from acideploy.targets.local import finisher, process, rollout
from acideploy.targets.local.folder import ServiceFolder


def settle(folder: ServiceFolder) -> None:
    """Leaves the service with the revision that serves, and nothing else.

    Raises BusyError where a deploy that nobody waits for is still under way.
    """
    record = folder.record()
    if record and record.candidate:
        if finisher.is_waiting(folder.path):
            raise BusyError(
                f"a deploy of service {folder.name} is still under way",
                hint=f"wait for it, or end it with `acideploy service stop -n {folder.name}`",
            )
        candidate = folder.server(record.candidate)
        if candidate.is_alive() and candidate.answers():
            rollout.promote(folder, record)
        else:
            rollout.abandon(folder, record, candidate, InterruptedError())
    remove_leftovers(folder)


def remove_leftovers(folder: ServiceFolder) -> None:
    """Ends and removes every revision but the current one."""
    record = folder.record()
    kept = str(record.current.number) if record and record.current else None
    revisions = folder.path / "revisions"
    for path in revisions.iterdir() if revisions.is_dir() else ():
        if path.name != kept:
            process.stop(path, clock=folder.clock)
            shutil.rmtree(path, ignore_errors=True)
