"""How long Azure takes: medians of what was recorded in 2024, in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Delays:
    # Until a PUT, or a DELETE, is answered.
    put: float = 5
    delete: float = 6
    # From the answer to the first `Pulling`; in a virtual network the network comes before.
    to_pulling: float = 4
    network: float = 13
    # From `Pulling` to `Pulled` to `Started`.
    pull: float = 4
    start: float = 10
    # From the POST to the end of what ran, and from there to the new start.
    restart_kill: float = 1
    restart_start: float = 2


DELAYS = Delays()

# What Kubernetes does, which runs the groups: 10 s, doubled each time, 5 minutes at most.
BACK_OFF_FIRST = 10.0
BACK_OFF_MOST = 300.0
# A container that ran that long begins with the first back-off again.
BACK_OFF_FORGOTTEN = 600.0
# A group that does not come up is given up after that long, by default.
PROVISIONING_TIMEOUT = 1800
