"""Source directories for tests, written as what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from acideploy.code.selection import select

SCRIPT = "score.py"


def plant(source: Path, *names: str, **contents: str) -> Path:
    """Makes a source directory with the entry script, empty files, and the ignore files given.

    `gitignore="*.csv"` is a `.gitignore` in the directory itself.
    """
    for name in (SCRIPT, *names):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for name, text in contents.items():
        (source / f".{name}").write_text(text)
    return source


def write(source: Path, files: Mapping[str, str]) -> Path:
    """Writes files with these contents into a source directory."""
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    return source


def deployed(source: Path, *, script: str = SCRIPT, leave_out: Path | None = None) -> set[str]:
    """The names of what is deployed, without the entry script."""
    selection = select(source, script=script, leave_out=leave_out)
    return {file.name for file in selection.files} - {script}
