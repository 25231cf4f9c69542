"""A model's layer, back to files: in place whole, or not at all."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from acideploy.clock import Clock
from acideploy.disk import shown, storage_error
from acideploy.errors import BusyError, ConflictError, StorageError
from acideploy.events import Emit
from acideploy.image.compression import decompressed
from acideploy.lock import lock
from acideploy.models import Model
from acideploy.models.layer import folder_of
from acideploy.progress import Advance, progress

_CHUNK = 1 << 20
# tarfile moves all of its buffer for each header that it takes from it.
_TAR_BUFFER = 1 << 16
# Another command may be writing a large model to the same folder.
_WAIT_FOR_UNPACKING = 600.0
# Beside the files, until they are complete. A killed command leaves one; the next removes it.
_SCRATCH = ".acideploy-unpacking-"


def unpack_model(
    model: Model,
    chunks: Iterator[bytes],
    directory: Path,
    *,
    overwrite: bool,
    clock: Clock,
    emit: Emit,
) -> Path:
    """Writes the registered file or folder into `directory`; returns its path there.

    `chunks` are those of its layer. Raises ConflictError where it is there already, unless
    `overwrite`; StorageError, and BusyError while another command writes there.
    """
    task, title = f"unpack {model.id}", f"Model {model.id}"
    with (
        _alone_in(directory, clock),
        progress(task, title, total=model.size, clock=clock, emit=emit) as advance,
    ):
        return unpack_layer(
            decompressed(chunks, model.layer.media_type),
            folder=folder_of(model.name, model.version),
            root=model.root,
            directory=directory,
            overwrite=overwrite,
            advance=advance,
        )


def unpack_layer(
    chunks: Iterator[bytes],
    *,
    folder: str,
    root: str,
    directory: Path,
    overwrite: bool,
    advance: Advance,
) -> Path:
    """Writes the file or folder `root`, which the layer has in `folder`, into `directory`.

    `chunks` end with an error unless all are what they ought to be. Nobody else may unpack into
    `directory` meanwhile. Raises ConflictError where it is there already and `overwrite` is false,
    and StorageError where the layer is damaged or a file cannot be written.
    """
    place = directory / root
    if os.path.lexists(place) and not overwrite:
        raise ConflictError(f"{shown(place)} exists already", hint="--overwrite replaces it")
    layer = _Stream(chunks)
    try:
        _remove_scratch(directory)
        scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=directory))
        try:
            _extract(layer, prefix=f"{folder}/", directory=scratch, advance=advance)
            layer.drain()
            _move(scratch / root, place, aside=scratch / ".replaced")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except (tarfile.TarError, ValueError) as error:
        raise _damaged(str(error)) from error
    except OSError as error:
        raise storage_error("write", error.filename or directory, error) from error
    return place


class _Stream(io.RawIOBase):
    """Chunks as a file to read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = memoryview(b"")

    def read(self, size: int = -1, /) -> bytes:
        """As many bytes as are asked for; fewer at the end alone."""
        parts: list[bytes] = []
        while size:
            if not self._rest:
                if (chunk := next(self._chunks, None)) is None:
                    break
                self._rest = memoryview(chunk)
                continue
            part = self._rest[: size if size > 0 else None]
            parts.append(bytes(part))
            self._rest = self._rest[len(part) :]
            size -= len(part) if size > 0 else 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def drain(self) -> None:
        """Reads what is left: only the end tells whether all was right."""
        for _ in self._chunks:
            pass


@contextmanager
def _alone_in(directory: Path, clock: Clock) -> Iterator[None]:
    """Makes the directory, and lets nobody else unpack into it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error("write", directory, error) from error
    busy = partial(_busy, directory)
    with lock(directory, clock=clock, within=_WAIT_FOR_UNPACKING, busy=busy):
        yield


def _busy(directory: Path) -> BusyError:
    return BusyError(
        f"another acideploy command is writing to {shown(directory)}",
        hint="wait for it to end, and run this again",
    )


def _move(new: Path, place: Path, *, aside: Path) -> None:
    """Puts `new` at `place`; what was there goes `aside`, or stays where that fails."""
    if not os.path.lexists(new):
        raise _damaged(f"{new.name} is not in it")
    if os.path.lexists(place):
        os.rename(place, aside)
    try:
        os.rename(new, place)
    except BaseException:
        if os.path.lexists(aside):
            os.rename(aside, place)
        raise


def _remove_scratch(directory: Path) -> None:
    for path in directory.glob(f"{_SCRATCH}*"):
        shutil.rmtree(path, ignore_errors=True)


def _extract(layer: _Stream, *, prefix: str, directory: Path, advance: Advance) -> None:
    """Writes every entry whose path begins with `prefix`, links last: nothing goes through one."""
    links: list[tuple[Path, str]] = []
    for archive, member in _members(layer):
        if prefix.startswith(f"{member.name}/"):
            continue
        place = directory / _relative(member.name, prefix)
        if member.isdir():
            place.mkdir(parents=True, exist_ok=True)
        elif member.issym():
            links.append((place, member.linkname))
        elif member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and member.sparse is None:
            _extract_file(archive, member, place, advance=advance)
        else:
            raise _damaged(f"{member.name} is neither a file, a folder nor a link")
    for place, target in links:
        os.symlink(target, place)
    top = os.path.realpath(directory)
    for place, _ in links:
        if not os.path.realpath(place).startswith(f"{top}/"):
            raise _damaged(f"link {place.name} leads out of the model")


def _members(layer: _Stream) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """One at a time, with none kept: a layer can have a hundred thousand."""
    with tarfile.open(fileobj=layer, mode="r|", bufsize=_TAR_BUFFER, encoding="utf-8") as archive:
        while (member := archive.next()) is not None:
            yield archive, member
            archive.members.clear()  # type: ignore[attr-defined]


def _relative(name: str, prefix: str) -> str:
    """The path of an entry below the model's folder. Raises StorageError if it is not there."""
    parts = name.removeprefix(prefix).split("/")
    if not name.startswith(prefix) or {"", ".", ".."} & set(parts) or "\0" in name:
        raise _damaged(f"{name!r} is not below {prefix}")
    return "/".join(parts)


def _extract_file(
    archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path, *, advance: Advance
) -> None:
    mode = 0o777 if member.mode & 0o100 else 0o666
    place.parent.mkdir(parents=True, exist_ok=True)
    content = archive.extractfile(member)
    if content is None:
        raise _damaged(f"{member.name} has no content")
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "wb") as file:
        while chunk := content.read(_CHUNK):
            file.write(chunk)
            advance(len(chunk))


def _damaged(reason: str) -> StorageError:
    return StorageError(f"the model's layer is damaged: {reason}")
