"""`typing.assert_never`, which Python 3.10 lacks."""

from __future__ import annotations

from typing import NoReturn


def assert_never(value: NoReturn) -> NoReturn:
    """Makes the type checker find the event that a renderer does not show."""
    raise AssertionError(f"{value!r} has no branch")
