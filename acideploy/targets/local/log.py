"""What servers write: a file's lines, and what is the same for every log."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from acideploy.clock import Clock
from acideploy.observe import looks

_LOOK_SECONDS = 0.2

# A line can be of any length: 64 MiB is as far back as anybody looks.
_BLOCK = 1 << 16
_MOST_BLOCKS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in a log: `log` tells it from an earlier one of the same name.

    `position` is in bytes (a file) or seconds of the epoch (a container), `lines` the number of
    those after it that have been read.
    """

    log: str
    position: int
    lines: int = 0


class Log(Protocol):
    """The log of one server. One that is not there is empty. Raises EngineError, of a container."""

    @property
    def where(self) -> str:
        """Where a person finds it."""

    def tail(self, lines: int) -> str:
        """The last lines."""

    def mark(self) -> Mark:
        """The end as it is now."""

    def lines_from(self, mark: Mark | None) -> tuple[list[str], Mark]:
        """The whole lines behind a mark, and the new end.

        Everything, without a mark or where it is one of an earlier log. A line that is still
        being written is left for the next look.
        """

    def save(self, path: Path) -> None:
        """Keeps a copy, if there is anything to keep."""


@dataclass(frozen=True, slots=True)
class FileLog:
    path: Path

    @property
    def where(self) -> str:
        return str(self.path)

    def tail(self, lines: int) -> str:
        blocks: list[bytes] = []
        found = 0
        try:
            with self.path.open("rb") as file:
                position = file.seek(0, os.SEEK_END)
                while position and found <= lines and len(blocks) < _MOST_BLOCKS:
                    step = min(_BLOCK, position)
                    position = file.seek(position - step)
                    blocks.append(file.read(step))
                    found += blocks[-1].count(b"\n")
        except FileNotFoundError:
            return ""
        return last_lines(b"".join(reversed(blocks)), lines)

    def mark(self) -> Mark:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return Mark(log="", position=0)
        return Mark(log=str(status.st_ino), position=status.st_size)

    def lines_from(self, mark: Mark | None) -> tuple[list[str], Mark]:
        try:
            with self.path.open("rb") as file:
                name = str(os.fstat(file.fileno()).st_ino)
                position = mark.position if mark and mark.log == name else 0
                file.seek(position)
                content = file.read()
        except FileNotFoundError:
            return [], Mark(log="", position=0)
        whole = content[: content.rfind(b"\n") + 1]
        lines = whole.decode(errors="replace").splitlines()
        return lines, Mark(log=name, position=position + len(whole))

    def save(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            shutil.copyfile(self.path, path)


def last_lines(content: bytes, lines: int) -> str:
    kept = content.decode(errors="replace").splitlines()[-lines:] if lines else []
    return "\n".join(kept)


def follow(log: Callable[[], Log | None], *, lines: int, clock: Clock) -> Iterator[str]:
    """The last lines, then each new one. Ends when `log` names none any more.

    `log` is asked again at each look, because a restart begins a new one.
    """
    found = log()
    # Before the first line is given away: what is written from now on is new.
    last = found.tail(lines).splitlines() if found else []
    mark = found.mark() if found else None
    yield from last
    for _ in looks(clock=clock, every=_LOOK_SECONDS):
        if (found := log()) is None:
            return
        new, mark = found.lines_from(mark)
        yield from new
