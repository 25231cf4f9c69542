"""How things are measured, and the table that they are printed in."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """`ratio` is what was measured, divided by the baseline of the same run.

    `asked` is what the ratio, or what was measured, has to be; empty where nothing is asked.
    """

    what: str
    measured: str
    baseline: str
    ratio: float | None
    asked: str = ""


@dataclass(frozen=True)
class Phases:
    """Where the time of a row goes, or what else `tells` of it, for people to read."""

    what: str
    lines: Sequence[str]
    tells: str = "where the time goes"


def seconds(command: Sequence[str], *, runs: int = 1, **options: object) -> float:
    """The best wall-clock time of several runs of a command that must succeed."""
    return min(_once(command, **options) for _ in range(runs))


def seconds_of(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def peak_megabytes(command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> float:
    """The largest resident memory of a command (MiB)."""
    process = subprocess.Popen(command, env=env, cwd=cwd, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return usage.ru_maxrss / 1024


def compared(what: str, measured: float, name: str, baseline: float, *, asked: str = "") -> Row:
    """A row of two times."""
    shown = f"{name} ({baseline:.2f} s)"
    return Row(what, f"{measured:.2f} s", shown, measured / baseline, asked)


def missing(what: str, reason: object) -> Row:
    """The row of something that cannot be measured here."""
    return Row(what, "not measured", str(reason).partition("\n")[0][:100], None)


def random_file(path: Path, megabytes: int) -> Path:
    """Makes a file that nothing compresses (of MiB)."""
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1 << 20))
    return path


def table(rows: Sequence[Row]) -> str:
    cells = [("what", "measured", "baseline", "ratio", "asked")]
    for row in rows:
        ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
        cells.append((row.what, row.measured, row.baseline, ratio, row.asked))
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    cells.insert(1, tuple("-" * width for width in widths))  # type: ignore[arg-type]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def _once(command: Sequence[str], **options: object) -> float:
    return seconds_of(
        lambda: subprocess.run(command, check=True, capture_output=True, **options)  # type: ignore[call-overload]
    )
