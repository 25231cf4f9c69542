"""What happens to a container group, told as it happens: each event and log line once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from acideploy.events import Event, Said
from acideploy.targets.aci.happened import (
    ENDED,
    Body,
    Happening,
    beyond,
    container_view,
    happenings,
)

_QUOTED = re.compile(r'"([^"]+)"')
_DIGEST = re.compile(r"(@sha256:[0-9a-f]{12})[0-9a-f]+")
# What comes after the log lines that led to it.
_ENDS = ("Killing", "BackOff")
# What begins a line that is Azure's own.
_AZURE = "azure: "
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Narrator:
    """Owns what has been told. What happened until `before`, and is in `log`, is not told."""

    def __init__(self, *, service: str, before: Body | None = None, log: str = "") -> None:
        self._service = service
        self._known = {event.key: event for event in happenings(before or {})}
        self._times: Counter[tuple[str, str]] = Counter()
        self._pulling: dict[str, str] = {}
        self._lines = _lines(log)

    def tell(self, group: Body, log: str | None = None) -> list[Event]:
        """What is new in the body of a GET and in a log, which may be its last lines alone.

        Without a log none is looked at.
        """
        new = [self._new(event) for event in happenings(group)]
        events = [event for event in new if event]
        ends = _ends(events)
        running = container_view(group, self._service).current.get("state") == "Running"
        lines = [] if log is None else self._new_lines(log, running=running)
        before = [self._words(event) for event in events[: len(events) - ends]]
        after = [self._words(event) for event in events[len(events) - ends :]]
        return [Said(line=line, matters=True) for line in (*before, *lines, *after)]

    def catch_up(self, group: Body, log: str) -> list[Event]:
        """How far it is: the last that has happened, and when. All until then is known."""
        told = [event.line for event in self.tell(group, log) if isinstance(event, Said)]
        known = happenings(group)
        azure = [line for line in told if line.startswith(_AZURE)]
        if not known or not azure:
            return []
        return [Said(line=f"{azure[-1]} (at {known[-1].last[11:19]} UTC)", matters=True)]

    def _new(self, event: Happening) -> Happening | None:
        if new := beyond(event, self._known.get(event.key)):
            self._known[event.key] = event
        return new

    def _words(self, event: Happening) -> str:
        key = event.container, event.name
        self._times[key] += event.count
        if event.name == "Pulling":
            self._pulling[event.container] = event.last
        began = self._pulling.get(event.container)
        return f"{_AZURE}{_told(event, times=self._times[key], began=began)}"

    def _new_lines(self, log: str, *, running: bool) -> list[str]:
        """The lines behind those that are known. One that is being written is left for later."""
        lines = _lines(log)
        if running and not log.endswith("\n"):
            del lines[-1:]
        if not lines:
            return []
        known, self._lines = self._lines, lines
        return lines[_overlap(known, lines) :]


def _lines(log: str) -> list[str]:
    """Without the end of the last line; of a line that was written over, what it ended as."""
    lines = log.split("\n")
    if not lines[-1]:
        del lines[-1]
    return [line.rstrip("\r").rpartition("\r")[2] for line in lines]


def _overlap(known: Sequence[str], lines: Sequence[str]) -> int:
    """How many of the first lines are the last known ones: as many as can be.

    The first of a window may have lost its beginning: Azure keeps the end of a log by its bytes.
    """
    for count in range(min(len(known), len(lines)), 0, -1):
        start = len(known) - count
        cut = count > 1 and lines[0] and known[start].endswith(lines[0])
        if not cut and known[start] != lines[0]:
            continue
        if known[start + 1 :] == lines[1:count]:
            return count
    return 0


def _ends(events: Sequence[Happening]) -> int:
    """How many of the last events follow the log."""
    count = 0
    while count < len(events) and events[-1 - count].name in _ENDS:
        count += 1
    return count


def _told(event: Happening, *, times: int, began: str | None) -> str:
    """An event in words. `times` is how often it happened, `began` when the pull did."""
    again = f" ({times} times)" if times > 1 else ""
    match event.name:
        case "Pulling":
            return f"pulling {_image(event)}{again}"
        case "Pulled":
            seconds = _seconds(began, event.last)
            return "image pulled" + (f" in {seconds:.0f} s" if seconds is not None else "")
        case "Created":
            return "container created"
        case "Started":
            return f"container started again ({times} starts)" if times > 1 else "container started"
        case "Killing":
            if match := ENDED.search(event.message):
                return f"container ended with exit code {match[1]}{again}"
            return f"container is being stopped{again}"
        case "BackOff":
            what = "image is pulled" if "pulling" in event.message else "container starts"
            return f"waiting before the {what} again{again}"
        case _:
            return f"{_plain(event.message) or event.name}{again}"


def _image(event: Happening) -> str:
    quoted = _QUOTED.search(event.message)
    return _DIGEST.sub(r"\1", f"image {quoted[1]}" if quoted else "image")


def _plain(message: str) -> str:
    """Azure's sentence as part of ours."""
    text = _DIGEST.sub(r"\1", " ".join(message.split())).rstrip(".")
    return text[:1].lower() + text[1:] if text.partition(" ")[0][1:].islower() else text


def _seconds(began: str | None, ended: str) -> float | None:
    try:
        first, last = (datetime.strptime(each, _TIME) for each in (began or "", ended))
    except ValueError:
        return None
    return (last - first).total_seconds() if last >= first else None
