"""What has happened to a container group, read from the body of a GET."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

Body = Mapping[str, Any]

# An event that says how a container ended.
ENDED = re.compile(r"terminated with ExitCode (\d+)")

# What comes first of the events of one second: the service promises no order.
_ORDER = ("Pulling", "Pulled", "Created", "Started", "Unhealthy", "Killing", "BackOff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event. The same again counts up and moves `last`.

    `container` is empty for an event of the group. Times are as `2024-10-29T17:08:01Z`.
    """

    container: str
    name: str
    message: str
    count: int
    first: str
    last: str
    warning: bool

    @property
    def key(self) -> tuple[str, str, str]:
        """What is the same of an event that counts up."""
        return self.container, self.name, self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerView:
    """The state of one container; `current` and `previous` are the service's own objects."""

    restarts: int
    current: Body
    previous: Body

    @property
    def is_ended(self) -> bool:
        return self.current.get("state") == "Terminated"

    @property
    def waits_for(self) -> str:
        """`CrashLoopBackOff`, `ImagePullBackOff` and the like; empty unless it waits."""
        waiting = self.current.get("state") == "Waiting"
        return str(self.current.get("detailStatus", "")).partition(":")[0] if waiting else ""

    @property
    def last_end(self) -> Body:
        """How it ended the last time; empty if it never has."""
        return next(
            (each for each in (self.current, self.previous) if each.get("state") == "Terminated"),
            {},
        )


def happenings(group: Body, *, since: Body | None = None) -> tuple[Happening, ...]:
    """The events of a group and its containers, in the order of time.

    `since` is an earlier body: only what happened after it, with what it counts alone. A group
    that is changed in place keeps its events. The body of an operation has events, too.
    """
    known = {each.key: each for each in _all(since or {})}
    new = [event for each in _all(group) if (event := beyond(each, known.get(each.key)))]
    return tuple(sorted(new, key=lambda each: (each.last, _rank(each))))


def beyond(event: Happening, known: Happening | None) -> Happening | None:
    """What of an event is not in an earlier sight of it, if anything is."""
    if known is None or event.first > known.last:
        return event
    if event.count > known.count:
        return replace(event, count=event.count - known.count, first=known.last)
    return None


def as_of(group: Body, moment: datetime) -> Body:
    """What can be told of an earlier state from a later one: events, restarts, and who ran then."""
    earlier = [_until(event, moment) for event in _all(group)]
    known = [event for event in earlier if event]
    containers = [
        {
            "name": container.get("name", ""),
            "properties": {"instanceView": _view_as_of(container, known, moment)},
        }
        for container in group.get("properties", {}).get("containers") or ()
    ]
    of_group = [_written(event) for event in known if not event.container]
    return {"properties": {"containers": containers, "instanceView": {"events": of_group}}}


def _until(event: Happening, moment: datetime) -> Happening | None:
    """An event as it was then; of one that has counted on, all but the last time."""
    if _time(event.last) <= moment:
        return event
    if _time(event.first) <= moment and event.count > 1:
        return replace(event, count=event.count - 1, last=f"{moment:%Y-%m-%dT%H:%M:%SZ}")
    return None


def _view_as_of(container: Body, known: Sequence[Happening], moment: datetime) -> Body:
    view = container.get("properties", {}).get("instanceView") or {}
    own = [event for event in known if event.container == container.get("name", "")]
    ends = sum(event.count for event in own if ENDED.search(event.message))
    current = view.get("currentState") or {}
    began = current.get("startTime")
    return {
        "restartCount": min(ends, view.get("restartCount", 0)),
        "currentState": current if began and _time(began) <= moment else {},
        "events": [_written(event) for event in own],
    }


def _written(event: Happening) -> Body:
    return {
        "name": event.name,
        "message": event.message,
        "count": event.count,
        "firstTimestamp": event.first,
        "lastTimestamp": event.last,
        "type": "Warning" if event.warning else "Normal",
    }


def _time(text: str) -> datetime:
    """Of what is no time, the end of time: it has not happened earlier."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return datetime.max.replace(tzinfo=timezone.utc)
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def container_view(group: Body, name: str, *, since: Body | None = None) -> ContainerView:
    """The view of a container, or of the first where none has the name. `since` as above."""
    view = _view(group, name)
    restarts, current = view.get("restartCount", 0), view.get("currentState") or {}
    if since:
        old = _view(since, name)
        before = old.get("restartCount", 0)
        # A count that has fallen began anew.
        restarts = restarts - before if restarts >= before else restarts
        if not restarts and current == old.get("currentState"):
            current = {}
    return ContainerView(
        restarts=restarts, current=current, previous=view.get("previousState") or {}
    )


def asked_of(group: Body, name: str) -> Body:
    """What was asked for, of a container or of the first: its `properties`."""
    containers = group.get("properties", {}).get("containers") or [{}]
    named = [each for each in containers if each.get("name") == name] or containers
    properties: Body = named[0].get("properties") or {}
    return properties


def _view(group: Body, name: str) -> Body:
    return asked_of(group, name).get("instanceView") or {}


def _all(group: Body) -> Iterator[Happening]:
    properties = group.get("properties", {})
    yield from _read("", properties)
    yield from _read("", properties.get("instanceView"))
    for kind in ("initContainers", "containers"):
        for container in properties.get(kind) or ():
            view = container.get("properties", {}).get("instanceView")
            yield from _read(container.get("name", ""), view)


def _read(container: str, view: Body | None) -> Iterator[Happening]:
    for event in (view or {}).get("events") or ():
        yield Happening(
            container=container,
            # `InsufficientCapacity.` was seen.
            name=str(event.get("name", "")).rstrip("."),
            message=str(event.get("message", "")),
            count=event.get("count") or 1,
            first=str(event.get("firstTimestamp", "")),
            last=str(event.get("lastTimestamp", "")),
            warning=event.get("type") == "Warning",
        )


def _rank(event: Happening) -> int:
    return _ORDER.index(event.name) if event.name in _ORDER else -1
