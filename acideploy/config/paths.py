"""Where the paths in a configuration lead.

The retired tool looked from the current directory, and inside `sourceDirectory` for what belongs
to it. Where that finds nothing, we look from the config file's own folder, and say so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from acideploy.config.checked import Findings
from acideploy.config.document import Scalar
from acideploy.config.source import close_name, shown_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """The directories that relative paths start from. `config` is the file's folder, if any."""

    cwd: Path
    config: Path | None = None

    def of(self, path: Scalar) -> tuple[Path, ...]:
        """For a path from a file, both; for one from a flag, the current directory alone."""
        return tuple(dict.fromkeys((self.cwd, *self.beside(path))))

    def beside(self, path: Scalar) -> tuple[Path, ...]:
        """The config file's folder, for a path that the file gives."""
        return (self.config,) if self.config and path.place.line is not None else ()

    def show(self, path: Path) -> str:
        return shown_path(path, self.cwd)


def absolute(base: Path, text: str) -> Path:
    """The path without `.` and `..`; an absolute `text` stays as it is."""
    return Path(os.path.abspath(base / text))


def find_file(
    path: Scalar,
    name: str,
    bases: Bases,
    findings: Findings,
    *,
    inside: Path | None = None,
) -> Path | None:
    """The file that a key names; `inside` is the source directory when the path belongs to it.

    Returns None, with the error among the findings, when there is no such file.
    """
    starts = [inside, *bases.beside(path)] if inside else bases.of(path)
    candidates = [absolute(start, path.text) for start in starts]
    for candidate in candidates:
        if os.path.isfile(candidate):
            if candidate != candidates[0]:
                note_beside_config(path, name, candidate, bases, findings)
            return candidate
    report_missing(path, name, candidates, bases, findings, inside=inside)
    return None


def note_beside_config(
    path: Scalar, name: str, found: Path, bases: Bases, findings: Findings
) -> None:
    findings.note(
        "path-beside-config",
        f"{name} was found relative to the config file: {bases.show(found)}",
        path.place,
    )


def report_missing(
    path: Scalar,
    name: str,
    candidates: Sequence[Path],
    bases: Bases,
    findings: Findings,
    *,
    inside: Path | None = None,
    what: str = "file",
) -> None:
    """Says where the path was looked for, and where something like it is."""
    first = candidates[0]
    if not path.text.isprintable():
        _report_unprintable(path, name, findings)
        return
    if what == "file" and os.path.isdir(first):
        findings.error(
            "path-not-found", f"{name} {path.text!r} is a folder, not a file", path.place
        )
        return
    looked = " and ".join(dict.fromkeys(bases.show(each) for each in candidates))
    places = [*([inside] if inside else []), *bases.of(path)]
    findings.error(
        "path-not-found",
        f"{name} {path.text!r} does not exist: looked for {looked}",
        path.place,
        _whereabouts(path, first, places, bases, what=what),
    )


def _report_unprintable(path: Scalar, name: str, findings: Findings) -> None:
    """A line's end after the path, or `C:\\temp` in double quotes, where `\\t` is a tab."""
    if path.text.strip().isprintable():
        message, hint = f"{name} ends with a line break", f"write {path.text.strip()}"
    else:
        message = f"{name} holds a tab or a line break: in double quotes \\t and \\n are those"
        hint = "write the path with / instead of \\"
    findings.error("path-not-found", message, path.place, hint)


def _whereabouts(
    path: Scalar, first: Path, places: Iterable[Path], bases: Bases, *, what: str
) -> str | None:
    if "\\" in path.text and os.path.exists(absolute(bases.cwd, path.text.replace("\\", "/"))):
        return "write the path with / instead of \\"
    if near := close_name(first):
        return near
    there = os.path.isdir if what == "folder" else os.path.isfile
    for directory in dict.fromkeys(each for start in places for each in _around(start)):
        candidate = directory / Path(path.text).name
        if there(candidate):
            return f"there is one at {bases.show(candidate)}"
    return None


def _around(directory: Path) -> tuple[Path, ...]:
    """The directory, the folders in it and the two above it."""
    try:
        below = sorted(entry for entry in directory.iterdir() if entry.is_dir())
    except OSError:
        below = []
    return (directory, *below[:100], *directory.parents[:2])
