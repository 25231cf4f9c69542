"""The layer of a model: one uncompressed tar, the same bytes for the same files.

https://github.com/opencontainers/image-spec/blob/v1.1.0/layer.md. Sorted, of one time, owned by
root, with modes 0644 and 0755. PAX headers only where a name or a size needs one. Hard links
become files of their own.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from acideploy.config.problem import Place, Problem
from acideploy.disk import shown, storage_error
from acideploy.errors import ConfigurationError, StorageError
from acideploy.models.tree import Entry, Tree
from acideploy.progress import Advance

_CHUNK = 1 << 20
_TAR_TYPES = {"file": tarfile.REGTYPE, "folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}


def folder_of(name: str, version: int) -> str:
    """Where a model's files are in its layer, and in a container."""
    return f"var/azureml-app/azureml-models/{name}/{version}"


def write_layer(
    tree: Tree,
    *,
    folder: str,
    mtime: int,
    write: Callable[[bytes], None],
    advance: Advance,
) -> None:
    """Writes the files of `tree` at `folder`, which is `folder_of` the model.

    `mtime` is that of every entry, in seconds since 1970. `advance` counts bytes of files.
    Raises StorageError where a file cannot be read, or changes while it is.
    """
    for parent in (os.path.dirname(folder), folder):
        write(_header(Entry(path=parent, source="", kind="folder"), path=parent, mtime=mtime))
    for entry in tree.entries:
        write(_header(entry, path=f"{folder}/{entry.path}", mtime=mtime))
        if entry.kind == "file":
            _copy(entry, write=write, advance=advance)
            write(bytes(-entry.size % tarfile.BLOCKSIZE))
    write(bytes(2 * tarfile.BLOCKSIZE))


def source_date_epoch(variables: Mapping[str, str]) -> int:
    """The time for entries, from `SOURCE_DATE_EPOCH` if it is set, else 0.

    https://reproducible-builds.org/specs/source-date-epoch/. Raises ConfigurationError.
    """
    text = variables.get("SOURCE_DATE_EPOCH") or "0"
    if text.isascii() and text.isdigit():
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


def _header(entry: Entry, *, path: str, mtime: int) -> bytes:
    header = tarfile.TarInfo(path)
    header.type = _TAR_TYPES[entry.kind]
    header.size = entry.size
    header.mtime = mtime
    header.mode = 0o755 if entry.executable or entry.kind == "folder" else 0o644
    header.linkname = entry.target
    return header.tobuf(tarfile.PAX_FORMAT, "utf-8")


def _copy(entry: Entry, *, write: Callable[[bytes], None], advance: Advance) -> None:
    """Writes exactly `entry.size` bytes: the header has promised them."""
    with _open(entry) as file:
        before = os.fstat(file.fileno())
        left = entry.size
        while left and (chunk := _read(file, min(_CHUNK, left), entry)):
            write(chunk)
            advance(len(chunk))
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
