"""What stands in one cell of a table."""

from __future__ import annotations

from collections.abc import Mapping

# Of the text of an error or of a value.
_WIDEST = 60


def short_time(text: str | None) -> str | None:
    """`2026-11-23T10:00:00`: the day and the second, without fraction and offset."""
    return text[:19] if text else text


def first_line(text: str | None) -> str | None:
    """The first line, cut where a table would grow too wide."""
    return cut(text.partition("\n")[0]) if text else None


def cut(text: str) -> str:
    return f"{text[: _WIDEST - 3]}..." if len(text) > _WIDEST else text


def joined(pairs: Mapping[str, str] | str) -> str:
    """`a=1 b=2`; empty for what the retired tool wrote for no pairs, an empty text."""
    return (
        "" if isinstance(pairs, str) else " ".join(f"{key}={value}" for key, value in pairs.items())
    )
