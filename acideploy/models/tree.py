"""What a registered file or folder consists of, and whether all of it can be registered."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from acideploy.disk import shown, storage_error
from acideploy.errors import StorageError
from acideploy.image.layer import Entry

_PROBLEMS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A file or folder to register: its name, and its entries, sorted by their paths' bytes.

    Each path begins with the name.
    """

    root: str
    entries: tuple[Entry, ...]

    @property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(entry.size for entry in self.entries)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """An entry that cannot be registered, and why."""

    message: str
    hint: str


def scan(path: Path) -> Tree:
    """Reads the names, kinds and sizes below `path`, which may itself be a link to follow.

    Raises StorageError that names everything that cannot be registered.
    """
    top = os.path.abspath(path)
    root = os.path.basename(top)
    if not os.path.lexists(top):
        raise StorageError(f"{shown(path)} does not exist", hint="check the path given with -p")
    if not root:
        raise StorageError("the root folder cannot be registered", hint="register a folder in it")
    try:
        found = list(_walk(os.path.realpath(top, strict=True), root))
    except OSError as error:
        raise storage_error("read", error.filename or path, error) from error
    _refuse([each for each in found if isinstance(each, _Refusal)])
    entries = [each for each in found if isinstance(each, Entry)]
    if all(entry.kind == "folder" for entry in entries):
        raise StorageError(
            f"{shown(path)} has no files in it",
            hint="save the model there first, or register another folder",
        )
    return Tree(root=root, entries=tuple(sorted(entries, key=lambda e: os.fsencode(e.path))))


def _walk(top: str, root: str) -> Iterator[Entry | _Refusal]:
    """Every entry at or below `top`, in any order. No link is followed. Raises OSError."""
    waiting = [(top, root)]
    while waiting:
        source, path = waiting.pop()
        yield _look(source, path, top)
        if stat.S_ISDIR(os.lstat(source).st_mode) and os.access(source, os.R_OK | os.X_OK):
            with os.scandir(source) as children:
                waiting += [(child.path, f"{path}/{child.name}") for child in children]


def _look(source: str, path: str, top: str) -> Entry | _Refusal:
    """What is at `source`. Raises OSError."""
    status = os.lstat(source)
    if not _is_utf8(os.path.basename(path)):
        return _Refusal(f"the name of {shown(source)} is not UTF-8", "rename it")
    if stat.S_ISLNK(status.st_mode):
        return _look_at_link(source, path, top)
    if stat.S_ISDIR(status.st_mode):
        if not os.access(source, os.R_OK | os.X_OK):
            return _Refusal(f"{shown(source)} cannot be read", f"chmod u+rx {shown(source)}")
        return Entry(path=path, source=source, kind="folder")
    if not stat.S_ISREG(status.st_mode):
        return _Refusal(f"{shown(source)} is {_kind(status.st_mode)}, not a file", "remove it")
    if not os.access(source, os.R_OK):
        return _Refusal(f"{shown(source)} cannot be read", f"chmod u+r {shown(source)}")
    executable = bool(status.st_mode & stat.S_IXUSR)
    return Entry(path=path, source=source, kind="file", size=status.st_size, executable=executable)


def _look_at_link(source: str, path: str, top: str) -> Entry | _Refusal:
    """A link is kept as it is where it leads to something in the folder wherever that is put."""
    target = os.readlink(source)
    link = f"link {shown(source)} -> {shown(target)}"
    replace = "put the file itself in its place"
    # Other links on the way, and where it seems to lead once the folder has another place.
    end = os.path.realpath(source)
    apparent = os.path.normpath(os.path.join(os.path.dirname(path), target))
    if not _is_within(end, top):
        return _Refusal(f"{link} leads out of the folder", replace)
    if os.path.isabs(target):
        return _Refusal(f"{link} is absolute", f"make it relative, or {replace}")
    if not _is_within(apparent, path.partition("/")[0]):
        return _Refusal(f"{link} leads out of the folder, and back", replace)
    if not os.path.exists(source):
        return _Refusal(f"{link} leads nowhere", f"{replace}, or remove it")
    if not _is_utf8(target):
        return _Refusal(f"{link} is not UTF-8", "rename the file it leads to")
    return Entry(path=path, source=source, kind="link", target=target)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _kind(mode: int) -> str:
    if stat.S_ISSOCK(mode):
        return "a socket"
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    return "a device"


def _is_utf8(name: str) -> bool:
    """Names that are not UTF-8 come from the system with lone surrogates in them."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(refusals: list[_Refusal]) -> None:
    """Raises StorageError with all of them, if there is one."""
    if not refusals:
        return
    first = min(refusals, key=lambda refusal: refusal.message)
    if len(refusals) == 1:
        raise StorageError(first.message, hint=first.hint)
    lines = sorted(refusal.message for refusal in refusals)
    if len(lines) > _PROBLEMS_SHOWN:
        lines[_PROBLEMS_SHOWN:] = [f"... and {len(lines) - _PROBLEMS_SHOWN} more"]
    raise StorageError(
        f"{len(refusals)} entries cannot be registered", hint=first.hint, detail="\n".join(lines)
    )
