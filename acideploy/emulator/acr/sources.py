"""What a run is made from: an archive that was uploaded, or an address."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

from acideploy.emulator.acr.storage import TaskStorage, container_of
from acideploy.emulator.store import Document


class SourceError(Exception):
    """The source of a run cannot be had."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One of both, or neither where nothing is built from a source."""

    archive: Path | None = None
    # Fetched by the engine: a Git repository, or an archive.
    remote: str | None = None


def find_source(name: str | None, registry: Document, storage: TaskStorage) -> Source:
    """The source that a request names. Raises SourceError."""
    if not name or name == "/dev/null":
        return Source()
    if "://" in name or name.startswith("git@"):
        return Source(remote=name)
    try:
        blob = storage.blob(container_of(registry), name)
    except ValueError as error:
        raise SourceError(str(error)) from error
    if blob.properties() is None:
        raise SourceError(f"failed to download context: {name} was not uploaded")
    return Source(archive=blob.path)


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks a tar file of any compression. Raises SourceError, also for paths that lead out."""
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="tar")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise SourceError(f"failed to unpack context: {error}") from error
