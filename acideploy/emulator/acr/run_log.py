"""The log of a run: a blob that grows, and says at its end how the run ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from acideploy.emulator.acr.storage import Blob

_CONTENT = "text/plain; charset=utf-8"


class RunLog:
    """Written by the thread of the run. Clients print what ends in a carriage return only."""

    def __init__(self, blob: Blob, now: Callable[[], datetime]) -> None:
        self._blob = blob
        self.now = now

    def begin(self, now: datetime) -> None:
        """Makes the blob: clients look for it before there is a line."""
        self._blob.describe(type="AppendBlob", content_type=_CONTENT, modified=now)

    def line(self, text: str) -> None:
        """A line of the agent's own, with the time."""
        self.say(f"{self.now():%Y/%m/%d %H:%M:%S} {text}\n")

    def say(self, text: str) -> None:
        """What a step says, as it stands but for the ends of lines."""
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
        self._blob.append(text.encode("utf-8", "replace"))

    def end(self, run: str, outcome: str, seconds: int, now: datetime) -> None:
        """`outcome` as `successful` or `failed`."""
        verb = {"canceled": "was canceled", "timedout": "timed out"}.get(outcome)
        verb = verb or ("was successful" if outcome == "successful" else "failed")
        self.say(f"\nRun ID: {run} {verb} after {seconds}s\n")
        self._blob.describe(
            type="AppendBlob",
            content_type=_CONTENT,
            modified=now,
            metadata={"complete": outcome},
        )
