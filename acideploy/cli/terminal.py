"""What the two output streams can show."""

from __future__ import annotations

import os
import sys
from typing import Literal, TypeAlias

StreamName: TypeAlias = Literal["stdout", "stderr"]


def interactive(name: StreamName) -> bool:
    """Whether a person watches: a terminal that can move its cursor, and no CI system."""
    return (
        _is_terminal(name)
        and os.environ.get("TERM") != "dumb"
        and os.environ.get("CI", "").lower() in ("", "0", "false")
    )


def colourful(name: StreamName) -> bool:
    """Whether to colour text: a capable terminal, and no NO_COLOR (https://no-color.org)."""
    return (
        _is_terminal(name) and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
    )


def takes_unicode() -> bool:
    """Whether every character can be written to stdout."""
    return (sys.stdout.encoding or "").lower().startswith("utf")


def _is_terminal(name: StreamName) -> bool:
    stream = sys.stdout if name == "stdout" else sys.stderr
    return stream is not None and stream.isatty()
