"""The instance views of containers, and what the state of a group is by them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from acideploy.emulator.aci.events import milliseconds_time
from acideploy.emulator.aci.runtime import Exit
from acideploy.emulator.cloud import long_time
from acideploy.emulator.store import Document

View = dict[str, Any]

CRASH_LOOP = "CrashLoopBackOff: Back-off restarting failed"
PULL_BACK_OFF = "ImagePullBackOff: Back-off pulling image"


def view_of(document: Document, name: str) -> View:
    """The view of a container; made when it has none yet."""
    waiting = {"state": "Waiting", "detailStatus": "Waiting to run"}
    fresh: View = {"restartCount": 0, "currentState": waiting, "events": []}
    view: View = document["state"]["views"].setdefault(name, fresh)
    return view


def set_running(view: View, now: datetime) -> None:
    ended = view["currentState"]["state"] == "Terminated"
    _set(
        view,
        {"state": "Running", "startTime": milliseconds_time(now), "detailStatus": ""},
        previous=view["currentState"] if ended else view.get("previousState"),
    )


def set_terminated(view: View, exit: Exit, now: datetime) -> None:
    """A container has ended by itself, or was killed by the platform."""
    detail = "Completed" if exit.code == 0 else "OOMKilled" if exit.killed else "Error"
    began = view["currentState"].get("startTime", milliseconds_time(now))
    state = {
        "state": "Terminated",
        "startTime": began,
        "exitCode": exit.code,
        "finishTime": milliseconds_time(now),
        "detailStatus": detail,
    }
    _set(view, state, previous=view.get("previousState"))


def set_waiting(view: View, detail: str) -> None:
    ended = view["currentState"]["state"] == "Terminated"
    _set(
        view,
        {"state": "Waiting", "detailStatus": detail},
        previous=view["currentState"] if ended else view.get("previousState"),
    )


def set_stopped(view: View, now: datetime) -> None:
    """A request stopped the group. What had ended before stays as it is."""
    if view["currentState"]["state"] == "Terminated":
        return
    state = {
        "state": "Terminated",
        "finishTime": long_time(now),
        "detailStatus": "Container stopped per client request",
    }
    _set(view, state, previous=view["currentState"])


def _set(view: View, current: View, *, previous: View | None) -> None:
    events, count = view["events"], view["restartCount"]
    view.clear()
    view.update({"restartCount": count, "currentState": current})
    if previous:
        view["previousState"] = previous
    view["events"] = events


def group_state(document: Document) -> str:
    """`instanceView.state` of a group."""
    state = document["state"]
    # Recorded so while a restart goes on, too.
    if state["wanted"] == "stopped" or state["provisioning"] == "Updating":
        return "Stopped"
    if state["provisioning"] in ("Pending", "Creating"):
        return "Pending"
    if state["provisioning"] == "Failed":
        return "Failed"
    names = [container["name"] for container in document["properties"]["containers"]]
    states = [state["views"].get(name, {}).get("currentState", {}) for name in names]
    if all(each.get("state") == "Terminated" for each in states):
        failed = any(each.get("exitCode", 0) != 0 for each in states)
        return "Failed" if failed else "Succeeded"
    return "Running"


def is_transitioning(document: Document) -> bool:
    """Whether Azure is still at work on a group, so that it takes no other change."""
    state = document["state"]
    return state["wanted"] == "running" and state["provisioning"] in (
        "Pending",
        "Creating",
        "Updating",
    )
