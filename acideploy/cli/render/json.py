"""One JSON object per event and line, for machines."""

from __future__ import annotations

import json
import sys
from typing import Any

from acideploy.cli.problems import as_json
from acideploy.cli.render.never import assert_never
from acideploy.events import Advanced, Event, Finished, Noticed, Said, Started, Summed


def show(event: Event) -> None:
    """Writes the event to stderr as `{"event": "started", "task": ...}`."""
    # In one piece: an unbuffered stream would let another writer in before the line's end.
    sys.stderr.write(json.dumps(fields(event), ensure_ascii=False) + "\n")
    sys.stderr.flush()


def fields(event: Event) -> dict[str, Any]:
    match event:
        case Started():
            return {
                "event": "started",
                "task": event.task,
                "title": event.title,
                "total": event.total,
            }
        case Advanced():
            return {"event": "advanced", "task": event.task, "done": event.done}
        case Finished():
            return {
                "event": "finished",
                "task": event.task,
                "outcome": event.outcome,
                "detail": event.detail,
            }
        case Said():
            return {"event": "said", "line": event.line}
        case Noticed():
            return {"event": "noticed", **as_json([event.problem])[0]}
        case Summed():
            return {
                "event": "summed",
                "title": event.title,
                "seconds": {name: round(seconds, 3) for name, seconds in event.parts},
            }
        case _:
            return assert_never(event)
