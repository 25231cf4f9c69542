"""Logs of containers, no longer than the service keeps them."""

from __future__ import annotations

_RUNNING_MOST = 4 * 1024 * 1024
_ENDED_MOST = 16 * 1024
_ENDED_LINES_MOST = 1000


def of_running(log: bytes) -> str:
    return _text(log[-_RUNNING_MOST:])


def of_ended(log: bytes) -> str:
    """The end of a log, as it is kept of a container that runs no more."""
    lines = log.splitlines(keepends=True)[-_ENDED_LINES_MOST:]
    return _text(b"".join(lines)[-_ENDED_MOST:])


def last_lines(log: str, tail: int | None) -> str:
    if tail is None:
        return log
    return "".join(log.splitlines(keepends=True)[-tail:]) if tail > 0 else ""


def _text(log: bytes) -> str:
    return log.decode("utf-8", "replace")
