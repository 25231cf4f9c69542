"""Log files of services."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from acideploy.clock import Clock
from acideploy.observe import looks

_LOOK_SECONDS = 0.2

# A line can be of any length: 64 MiB is as far back as anybody looks.
_BLOCK = 1 << 16
_MOST_BLOCKS = 1024


def tail(log: Path, lines: int) -> str:
    """The last lines of a log, empty where there is none."""
    blocks: list[bytes] = []
    found = 0
    try:
        with log.open("rb") as file:
            position = file.seek(0, os.SEEK_END)
            while position and found <= lines and len(blocks) < _MOST_BLOCKS:
                step = min(_BLOCK, position)
                position = file.seek(position - step)
                blocks.append(file.read(step))
                found += blocks[-1].count(b"\n")
    except FileNotFoundError:
        return ""
    content = b"".join(reversed(blocks)).decode(errors="replace")
    return "\n".join(content.splitlines()[-lines:]) if lines else ""


def follow(log: Callable[[], Path | None], *, lines: int, clock: Clock) -> Iterator[str]:
    """The last lines, then each new one. Ends when `log` names no file any more.

    `log` is asked again at each look, because a restart begins a new file.
    """
    path = log()
    inode = _inode(path)
    # Before the first line is given away: what is written from now on is new.
    last = tail(path, lines).splitlines() if path else []
    position = path.stat().st_size if path and inode else 0
    yield from last
    for _ in looks(clock=clock, every=_LOOK_SECONDS):
        if (path := log()) is None:
            return
        if _inode(path) != inode:
            inode, position = _inode(path), 0
        new, position = lines_from(path, position)
        yield from new


def lines_from(log: Path, position: int) -> tuple[list[str], int]:
    """The whole lines from a byte position on, and the position behind them.

    A line that is still being written is left for the next look.
    """
    content = _read_from(log, position)
    whole = content[: content.rfind(b"\n") + 1]
    return whole.decode(errors="replace").splitlines(), position + len(whole)


def _inode(path: Path | None) -> int | None:
    try:
        return path.stat().st_ino if path else None
    except FileNotFoundError:
        return None


def _read_from(path: Path, position: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(position)
            return file.read()
    except FileNotFoundError:
        return b""
