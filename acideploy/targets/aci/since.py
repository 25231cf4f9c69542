"""What of a log was written lately: Azure puts a time before each line where it is asked to."""

from __future__ import annotations

import re
from datetime import datetime, timezone

# `2026-11-25T10:00:00.123456789Z line`: more digits than Python reads.
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(?:Z|\+00:00) ?")


def lines_since(log: str, moment: datetime) -> str:
    """The lines that were written at `moment` or later, without their times.

    A line without a time is as old as the one before it.
    """
    kept, is_recent = [], False
    for line in log.splitlines(keepends=True):
        found = _STAMP.match(line)
        if found:
            is_recent = _moment(found) >= moment
        if is_recent:
            kept.append(line[found.end() :] if found else line)
    return "".join(kept)


def _moment(found: re.Match[str]) -> datetime:
    moment = datetime.fromisoformat(found[1]).replace(tzinfo=timezone.utc)
    return moment.replace(microsecond=int((found[2] or "").ljust(6, "0")))
