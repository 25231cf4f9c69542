"""Layers: tar archives that are the same bytes for the same files.

https://github.com/opencontainers/image-spec/blob/v1.1.0/layer.md. Sorted, of one time, owned by
root, with modes 0644 and 0755. PAX headers only where a name or a size needs one. Hard links
become files of their own.
"""

from __future__ import annotations

import os
import re
import stat
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Literal

from acideploy.config.problem import Place, Problem
from acideploy.disk import shown, storage_error
from acideploy.errors import ConfigurationError, StorageError

_CHUNK = 1 << 20
# The end of the year 9999: an image's times have four digits for the year.
_LATEST = 253_402_300_799
_TAR_TYPES = {"file": tarfile.REGTYPE, "folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file, folder or symbolic link.

    `path` has `/` between its parts and none before the first. A file's bytes are `content`, or
    where that is None what is in the file `source`, of `size` bytes. `target` is what a link says.
    """

    path: str
    kind: Literal["file", "folder", "link"]
    source: str = ""
    content: bytes | None = None
    size: int = 0
    executable: bool = False
    target: str = ""


def text_entry(path: str, text: str) -> Entry:
    """A file that is nowhere on the disk."""
    content = text.encode()
    return Entry(path=path, kind="file", content=content, size=len(content))


def file_entry(path: str, source: str | os.PathLike[str]) -> Entry:
    """The file `source`, as it is now, followed where it is a link. Raises StorageError."""
    try:
        status = os.lstat(source)
        place = os.fspath(source)
        if stat.S_ISLNK(status.st_mode):
            status, place = os.stat(source), os.path.realpath(source)
    except OSError as error:
        raise storage_error("read", os.fspath(source), error) from error
    return Entry(
        path=path,
        kind="file",
        source=place,
        size=status.st_size,
        executable=bool(status.st_mode & stat.S_IXUSR),
    )


def sorted_with_folders(entries: Iterable[Entry], *, below: str = "") -> tuple[Entry, ...]:
    """The entries in the order of a layer, with the folders that they lie in.

    Folders at or above the path `below` are left to what is underneath the layer.
    """
    found = {entry.path: entry for entry in entries}
    for path in list(found):
        while (path := os.path.dirname(path)) and path != below and path not in found:
            found[path] = Entry(path=path, kind="folder")
    return tuple(found[path] for path in sorted(found, key=os.fsencode))


def layer_size(entries: Iterable[Entry], *, mtime: int) -> int:
    """The bytes of the layer, without reading a file."""
    padded = sum(len(_header(each, mtime=mtime)) + _padded(each.size) for each in entries)
    return padded + 2 * tarfile.BLOCKSIZE


def layer_chunks(entries: Iterable[Entry], *, mtime: int) -> Iterator[bytes]:
    """The layer of the entries, in their order, piece by piece.

    `mtime` is that of every entry, in seconds since 1970. Raises StorageError where a file cannot
    be read, or changes while it is.
    """
    pieces: list[bytes] = []
    length = 0
    for piece in _pieces(entries, mtime=mtime):
        pieces.append(piece)
        length += len(piece)
        # Thousands of small files are a few large chunks for whoever hashes or sends them.
        if length >= _CHUNK // 4:
            yield b"".join(pieces)
            pieces, length = [], 0
    yield b"".join(pieces)


def source_date_epoch(variables: Mapping[str, str]) -> int:
    """The time for entries, from `SOURCE_DATE_EPOCH` if it is set, else 0.

    https://reproducible-builds.org/specs/source-date-epoch/. Raises ConfigurationError.
    """
    text = variables.get("SOURCE_DATE_EPOCH") or "0"
    if re.fullmatch(r"[0-9]{1,12}", text) and int(text) <= _LATEST:
        return int(text)
    raise ConfigurationError(
        [
            Problem(
                code="bad-source-date-epoch",
                severity="error",
                message=f"SOURCE_DATE_EPOCH is {text!r}, not a number of seconds since 1970",
                place=Place(file="SOURCE_DATE_EPOCH"),
                hint="unset SOURCE_DATE_EPOCH",
            )
        ]
    )


def _pieces(entries: Iterable[Entry], *, mtime: int) -> Iterator[bytes]:
    for entry in entries:
        yield _header(entry, mtime=mtime)
        if entry.kind == "file":
            yield from _content(entry)
            yield bytes(-entry.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _header(entry: Entry, *, mtime: int) -> bytes:
    header = tarfile.TarInfo(entry.path)
    header.type = _TAR_TYPES[entry.kind]
    header.size = entry.size
    header.mtime = mtime
    header.mode = 0o755 if entry.executable or entry.kind == "folder" else 0o644
    header.linkname = entry.target
    return header.tobuf(tarfile.PAX_FORMAT, "utf-8")


def _padded(size: int) -> int:
    return size + -size % tarfile.BLOCKSIZE


def _content(entry: Entry) -> Iterator[bytes]:
    """Exactly `entry.size` bytes: the header has promised them."""
    if entry.content is not None:
        yield entry.content
        return
    with _open(entry) as file:
        before = os.fstat(file.fileno())
        left = entry.size
        while left and (chunk := _read(file, min(_CHUNK, left), entry)):
            yield chunk
            left -= len(chunk)
        after = os.fstat(file.fileno())
        if left or after.st_size != entry.size or after.st_mtime_ns != before.st_mtime_ns:
            raise _changed(entry)


@contextmanager
def _open(entry: Entry) -> Iterator[BinaryIO]:
    """Opens the file unless something else is in its place now: nothing waits on a named pipe."""
    try:
        descriptor = os.open(entry.source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise _changed(entry) from error
    except OSError as error:
        raise storage_error("read", entry.source, error) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _changed(entry)
    with open(descriptor, "rb", buffering=0) as file:
        yield file


def _read(file: BinaryIO, size: int, entry: Entry) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        raise storage_error("read", entry.source, error) from error


def _changed(entry: Entry) -> StorageError:
    return StorageError(
        f"{shown(entry.source)} changed while it was read",
        hint="run this again when nothing writes to it any more",
    )
