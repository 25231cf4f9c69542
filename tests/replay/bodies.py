"""What is sent and answered, as bytes and as what they say."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from typing import Any
from urllib.parse import unquote

from tests.emulated import Answer
from tests.replay.recording import Exchange

_STATES = ("status", "provisioningState", "state")


def as_far(exchange: Exchange, answer: Answer) -> bool:
    """True when an answer shows what it shows in the recording: that takes time here as there."""
    if exchange.status != answer.status:
        return exchange.status not in (200, 202, 204) or answer.status not in (200, 202, 204)
    return _states(exchange.response) == _states(read_json(answer))


def _states(body: Any) -> list[Any]:
    if not isinstance(body, dict):
        return []
    properties = body.get("properties")
    inner = properties if isinstance(properties, dict) else {}
    view = inner.get("instanceView")
    places = (body, inner, view if isinstance(view, dict) else {})
    return [place.get(name) for place in places for name in _STATES]


def exit_code(exchange: Exchange) -> int | None:
    with contextlib.suppress(KeyError, TypeError, IndexError):
        for container in exchange.response["properties"]["containers"]:
            state = container["properties"]["instanceView"]["currentState"]
            if "exitCode" in state:
                return int(state["exitCode"])
    return None


def read_json(answer: Answer) -> Any:
    text = answer.body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def sent_bytes(body: object) -> bytes:
    """The recorder has written bytes as base64."""
    text = str(body)
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text.encode()


def written(body: Any, url: str) -> bytes:
    """JSON, with the spaces with which its digest is the one at the end of the address."""
    wanted = unquote(url).partition("?")[0].rpartition("sha256:")[2]
    for separators, indent in ((None, None), ((",", ":"), None), (None, 2), (None, 3), (None, 4)):
        text = json.dumps(body, separators=separators, indent=indent).encode()
        if hashlib.sha256(text).hexdigest() == wanted:
            return text
    return json.dumps(body).encode()
