"""Takes up, or away, what killed commands have left of a service. Called with its lock held."""

from __future__ import annotations

from acideploy.errors import BusyError
from acideploy.events import ignore
from acideploy.targets.local import finisher, rollout
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.leftovers import remove_leftover_revisions
from acideploy.targets.local.server import answers


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
        # One on a trial port would have to start once more, which takes its time and may fail.
        if not record.candidate.trial_port and candidate.is_alive() and answers(candidate):
            rollout.promote(folder, record, emit=ignore)
        else:
            rollout.abandon(folder, record, candidate, InterruptedError())
    remove_leftover_revisions(folder)
