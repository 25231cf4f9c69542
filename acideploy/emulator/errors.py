"""What keeps the emulator from doing what it was told on the command line."""

from __future__ import annotations


class EmulatorError(Exception):
    """The emulator cannot start, stop or go on; `hint` is a command or an edit that helps."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
