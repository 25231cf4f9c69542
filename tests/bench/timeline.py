"""An acideploy command, measured: how long it takes, where the time goes, how much memory."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.bench.measure import Row

# Phases that are shorter are not told, in seconds.
_SHORT = 0.05


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """`moments` are what the command told of itself, and when, in seconds since its start.

    `megabytes` is the largest resident memory, of it or of a process that it ran (MiB).
    """

    seconds: float
    megabytes: float
    moments: tuple[tuple[float, str], ...]

    def phases(self) -> list[str]:
        """The time between one moment and the next, one line each; short ones in one."""
        ends = [(0.0, ""), *self.moments, (self.seconds, "the end")]
        spans = [(after - before, name) for (before, _), (after, name) in pairwise(ends)]
        lines = [f"{span:6.2f} s  until {name}" for span, name in spans if span >= _SHORT]
        rest = sum(span for span, _ in spans if span < _SHORT)
        return [*lines, f"{rest:6.2f} s  between all others"]


def memory(what: str, runs: Sequence[Timeline], name: str, least: Timeline) -> Row:
    """A row of the most memory that any of the runs took, beside a run with next to nothing."""
    most = max(each.megabytes for each in runs)
    baseline = f"{name} ({least.megabytes:.0f} MiB)"
    ratio = most / least.megabytes
    return Row(f"peak memory: {what}", f"{most:.0f} MiB", baseline, ratio, "under 150 MiB")


def timeline(command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> Timeline:
    """Runs an acideploy command that must succeed."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--progress", "json", "-o", "none"],
        env=env,
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr
    lines = [(time.perf_counter() - begun, line) for line in process.stderr]
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise AssertionError(b"".join(line for _, line in lines).decode())
    return Timeline(
        seconds=seconds, megabytes=usage.ru_maxrss / 1024, moments=tuple(_moments(lines))
    )


def _moments(lines: Sequence[tuple[float, bytes]]) -> list[tuple[float, str]]:
    titles: dict[str, str] = {}
    moments = []
    for when, line in lines:
        try:
            event = json.loads(line)
        except ValueError as error:
            raise AssertionError(f"not an event: {line!r}") from error
        if event["event"] == "started":
            titles[event["task"]] = event["title"].partition(" (")[0]
            moments.append((when, f"{titles[event['task']]!r} begins"))
        elif event["event"] == "finished":
            moments.append((when, f"{titles[event['task']]!r} ends"))
    return moments
