"""How help is laid out: as wide as the terminal, however narrow that is."""

from __future__ import annotations

import shutil
from collections.abc import Iterable

import click

# Below this width, what a long option does stands under it.
_NARROW = 60
_WIDEST_OPTION = 36


class Formatter(click.HelpFormatter):
    """Click's, which takes no terminal to be narrower than 50 columns."""

    def __init__(
        self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None
    ) -> None:
        room = min(shutil.get_terminal_size().columns, max_width or 80) - indent_increment
        super().__init__(indent_increment, width or max(room, 20), max_width)

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 0, col_spacing: int = 2
    ) -> None:
        """Options or commands, with what each does beside it or, where there is no room, under."""
        rows = list(rows)
        half = self.width // 2
        is_narrow = self.width < _NARROW - self.indent_increment
        if is_narrow and max(len(first) for first, _ in rows) > half:
            col_max = 2 * self.indent_increment
        else:
            col_max = min(_WIDEST_OPTION, half)
        super().write_dl(rows, col_max, col_spacing)


class Context(click.Context):
    formatter_class = Formatter
