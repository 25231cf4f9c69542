"""The log of a container, which its engine keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from acideploy.targets.local.engine import Engine
from acideploy.targets.local.log import Mark, last_lines

# What engines put before a line when they are asked for times: `2026-11-24T23:55:43.528406464Z `.
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d) ?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerLog:
    """A mark is a second and a number of lines: Podman tells the time of a line no finer."""

    engine: Engine
    container: str

    @property
    def where(self) -> str:
        return f"container {self.container}"

    def tail(self, lines: int) -> str:
        return last_lines(self.engine.log(self.container, lines=lines), lines) if lines else ""

    def mark(self) -> Mark:
        last = self._stamped(self.engine.log(self.container, lines=1, timestamps=True))
        second = last[-1][0] if last else 0
        return self._end(second, self._since(second))

    def lines_from(self, mark: Mark | None) -> tuple[list[str], Mark]:
        known = mark if mark and mark.log == self._name() else Mark(log="", position=0)
        found = self._since(known.position)
        return [line for _, line in found[known.lines :]], self._end(known.position, found)

    def save(self, path: Path) -> None:
        if content := self.engine.log(self.container):
            path.write_bytes(content)

    def _end(self, second: int, found: list[tuple[int, str]]) -> Mark:
        """Behind the lines `found`, which are all of those since a second."""
        last = found[-1][0] if found else second
        count = sum(moment >= last for moment, _ in found)
        return Mark(log=self._name(), position=last, lines=count)

    def _since(self, second: int) -> list[tuple[int, str]]:
        return self._stamped(self.engine.log(self.container, since=second, timestamps=True))

    def _stamped(self, content: bytes) -> list[tuple[int, str]]:
        """Each line with the second at which it was written."""
        found: list[tuple[int, str]] = []
        for line in content.decode(errors="replace").split("\n")[:-1]:
            if stamp := _STAMP.match(line):
                zone = "+00:00" if stamp[2] == "Z" else stamp[2]
                moment = int(datetime.fromisoformat(stamp[1] + zone).timestamp())
                # Docker does not order what the two streams wrote at the same moment.
                moment = max(moment, found[-1][0]) if found else moment
                found.append((moment, stamp[3]))
        return found

    def _name(self) -> str:
        state = self.engine.state(self.container)
        return state.id if state else ""
