"""A wrong command line, told with the way out."""

from __future__ import annotations

from collections.abc import Iterable

import click


class WrongUsage(click.UsageError):
    """`hint` is None where the help of the command says it best."""

    def __init__(
        self, message: str, *, hint: str | None = None, ctx: click.Context | None = None
    ) -> None:
        super().__init__(message, ctx)
        self.hint = hint


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """A question that names the nearest candidates, or None where nothing is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(candidates), n=3)
    return f"did you mean {' or '.join(near)}?" if near else None
