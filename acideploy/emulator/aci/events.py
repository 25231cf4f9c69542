"""Events of groups and containers, and times as Azure Container Instances writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def add_event(
    events: list[dict[str, Any]], now: datetime, name: str, message: str, *, type: str = "Normal"
) -> None:
    """Adds an event; the same again counts up and moves its last time."""
    time = seconds_time(now)
    for event in events:
        if (event["name"], event["message"], event["type"]) == (name, message, type):
            event["count"] += 1
            event["lastTimestamp"] = time
            return
    events.append(
        {
            "count": 1,
            "firstTimestamp": time,
            "lastTimestamp": time,
            "name": name,
            "message": message,
            "type": type,
        }
    )


def seconds_time(time: datetime) -> str:
    """`2024-10-29T17:08:01Z`: events."""
    return f"{time:%Y-%m-%dT%H:%M:%S}Z"


def milliseconds_time(time: datetime) -> str:
    """`2024-10-29T17:08:22.27Z`, without zeros at the end: starts and ends of containers."""
    fraction = f"{time.microsecond // 1000:03d}".rstrip("0")
    return f"{time:%Y-%m-%dT%H:%M:%S}{'.' if fraction else ''}{fraction}Z"
