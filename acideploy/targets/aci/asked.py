"""What a service is asked: for a score, and why it does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acideploy.errors import ScoringError
from acideploy.targets import Answer, http
from acideploy.targets.aci.failure import Seen, failure_of
from acideploy.targets.aci.rollout import origin_of
from acideploy.targets.aci.turn import require_running
from acideploy.targets.aci.view import endpoint_of

if TYPE_CHECKING:
    from acideploy.targets.aci.target import AciTarget

# Of a log, to find a cause in.
_LINES = 500
_WITHIN_NETWORK = "a service in a virtual network answers only from within it"


def score(target: AciTarget, name: str, body: bytes, *, content_type: str) -> Answer:
    """Sends a scoring request, with the key where one is asked for. Raises ScoringError."""
    group = target.group(name)
    require_running(group, name)
    revision = target.revision_of(group)
    endpoint, seen = endpoint_of(group, revision), target.described(group, revision)
    if seen.state == "Failed":
        raise ScoringError(
            f"service {name} has failed" + (f": {seen.error}" if seen.error else ""),
            hint=f"acideploy service diagnose -n {name}",
        )
    if endpoint is None:
        raise ScoringError(
            f"service {name} has no address yet", hint=f"acideploy service show -n {name} --wait"
        )
    headers = {"Content-Type": content_type}
    if revision and revision.auth_enabled:
        headers["Authorization"] = f"Bearer {target.keys(name).primary}"
    return http.score(endpoint, body, headers=headers, hint=_WITHIN_NETWORK)


def diagnose(target: AciTarget, name: str) -> str:
    """Why the service does not answer. Raises that as an error; returns that it does."""
    group = target.group(name)
    require_running(group, name)
    revision = target.revision_of(group)
    endpoint = endpoint_of(group, revision)
    if endpoint and http.probe(endpoint) is not None:
        return f"service {name} answers at {endpoint.url}/score"
    if revision:
        # What crashed earlier and answers now is no failure: so this is asked last.
        seen = Seen(
            group=group,
            log=target.logs(name, lines=_LINES),
            previous_log=target.crash_logs.read(str(group["name"])),
        )
        if failure := failure_of(seen, service=name, origin=origin_of(revision)):
            raise failure
    state = target.described(group, revision).state
    return f"service {name} does not answer; its state is {state}"
