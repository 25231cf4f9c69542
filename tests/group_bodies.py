"""Bodies that a GET of a container group answers, as the recorded ones are."""

from __future__ import annotations

from typing import Any

Event = dict[str, Any]

IMAGE = "contoso.azurecr.io/acideploy/churn@sha256:" + "b9cec4d6b50c" + "6" * 52
# What no message may hold.
SECRETS = ("plain-variable-value", "registry-password-value")

RUNNING = {"state": "Running", "startTime": "2026-01-01T10:00:20.276Z", "detailStatus": ""}
STOPPED = {
    "state": "Terminated",
    "finishTime": "2026-01-01T10:02:10.7524476Z",
    "detailStatus": "Container stopped per client request",
}


def waiting(status: str) -> dict[str, Any]:
    return {"state": "Waiting", "detailStatus": status}


CRASH_LOOP = waiting("CrashLoopBackOff: Back-off restarting failed")
PULL_BACK_OFF = waiting("ImagePullBackOff: Back-off pulling image")


def ended(code: int, *, status: str = "") -> dict[str, Any]:
    return {
        "state": "Terminated",
        "startTime": "2026-01-01T10:00:20.614Z",
        "exitCode": code,
        "finishTime": "2026-01-01T10:00:27.849Z",
        "detailStatus": status or ("Error" if code else "Completed"),
    }


def event(
    name: str,
    message: str,
    *,
    at: int = 0,
    last: int | None = None,
    count: int = 1,
    warn: bool = False,
) -> Event:
    """`at` and `last` in seconds after 10:00:00."""

    def time(second: int) -> str:
        return f"2026-01-01T10:{second // 60:02d}:{second % 60:02d}Z"

    return {
        "count": count,
        "firstTimestamp": time(at),
        "lastTimestamp": time(at if last is None else last),
        "name": name,
        "message": message,
        "type": "Warning" if warn else "Normal",
    }


PULLING = event("Pulling", f'pulling image "{IMAGE}"', at=1)
PULLED = event("Pulled", f'Successfully pulled image "{IMAGE}"', at=5)
STARTED = event("Started", "Started container", at=20)


def group(
    *events: Event,
    current: dict[str, Any] | None = None,
    previous: dict[str, Any] | None = None,
    restarts: int = 0,
    state: str = "Succeeded",
    policy: str = "Always",
    of_group: tuple[Event, ...] = (),
    identity: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A group of the service `churn`; a container without a state is not there yet."""
    container: dict[str, Any] = {
        "image": IMAGE,
        "environmentVariables": [
            {"name": "MODE", "value": SECRETS[0]},
            {"name": "ACCOUNT_KEY"},
        ],
        "resources": {"requests": {"memoryInGB": 1.5, "cpu": 0.5}},
        "livenessProbe": {"httpGet": {"path": "/", "port": 80}, "failureThreshold": 3},
    }
    if current is not None:
        container["instanceView"] = {"restartCount": restarts, "currentState": current}
        if previous is not None:
            container["instanceView"]["previousState"] = previous
        container["instanceView"]["events"] = list(events)
    body: dict[str, Any] = {
        "properties": {
            "provisioningState": state,
            "containers": [{"name": "churn", "properties": container}],
            "imageRegistryCredentials": [{"server": "contoso.azurecr.io", "password": SECRETS[1]}],
            "restartPolicy": policy,
            "instanceView": {"events": list(of_group), "state": "Running"},
        },
        "name": "churn-1a2b3c4d",
        "location": "westeurope",
    }
    if identity:
        body["identity"] = identity
    return body
