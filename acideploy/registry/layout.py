"""An OCI image layout: a directory that is a registry.

https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md

`index.json` names what there is and is only ever replaced whole, so reading needs no lock. Every
change is made under one lock, from reading the index to replacing it. Blobs come first and the
index last: however a process ends, the index never names a blob that is not there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from acideploy.atomic import write_atomically
from acideploy.clock import Clock
from acideploy.disk import shown, storage_error
from acideploy.errors import BusyError, StorageError
from acideploy.lock import holder, lock
from acideploy.registry.blob import BlobReader, open_blob
from acideploy.registry.descriptor import (
    Descriptor,
    Index,
    describe,
    descriptor_from_json,
    digest_to_hex,
    index_from_json,
    index_to_json,
    to_json,
)
from acideploy.registry.upload import Upload, Uploads

# Changing an index takes milliseconds; many may be in line.
_WAIT_FOR_OTHERS = 30.0
# Another tool may be copying an image here: its blobs arrive before its index entry.
_DAY = 24 * 3600.0


class ImageLayout:
    """The layout in `directory`, which is made at the first change."""

    def __init__(self, directory: Path, *, clock: Clock) -> None:
        self.directory = directory
        self.uploads = Uploads(directory / "uploads")
        self._blobs = directory / "blobs" / "sha256"
        self._clock = clock

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lets nobody else change the layout. Raises BusyError when somebody is too long at it."""
        path = self.directory / ".lock"
        with lock(path, clock=self._clock, within=_WAIT_FOR_OTHERS, busy=lambda: _busy(path)):
            self._make()
            yield

    def index(self) -> Index:
        """What the layout holds now: nothing, where there is no layout yet."""
        path = self.directory / "index.json"
        try:
            return index_from_json(path.read_bytes())
        except FileNotFoundError:
            return Index()
        except OSError as error:
            raise storage_error("read", path, error) from error
        except (ValueError, TypeError) as error:
            raise StorageError(
                f"{shown(path)} is damaged: {error}",
                hint=f"restore it from a copy, or begin anew: mv {shown(self.directory)} elsewhere",
            ) from error

    def write_index(self, index: Index) -> None:
        """Needs the lock, since the index was read."""
        self._write(self.directory / "index.json", index_to_json(index))

    def has_blob(self, blob: Descriptor) -> bool:
        """Whether it is there, in the size that it ought to have."""
        path = self._blobs / digest_to_hex(blob.digest)
        return path.is_file() and path.stat().st_size == blob.size

    def require_blob(self, blob: Descriptor) -> None:
        """Raises StorageError where it is missing."""
        self.open_blob(blob).close()

    def open_blob(self, blob: Descriptor) -> BlobReader:
        """Raises StorageError where it is missing."""
        return open_blob(self._blobs / digest_to_hex(blob.digest), blob)

    def read_blob(self, blob: Descriptor) -> bytes:
        """The whole content, checked. For manifests and the like, not for layers."""
        with self.open_blob(blob) as reader:
            content = reader.read()
            reader.finish()
        return content

    def add_blob(
        self, content: bytes, media_type: str, *, artifact_type: str | None = None
    ) -> Descriptor:
        """Keeps a small blob. Needs the lock."""
        blob = describe(content, media_type, artifact_type=artifact_type)
        self._write(self._blobs / digest_to_hex(blob.digest), content)
        return blob

    def keep(self, upload: Upload, media_type: str) -> Descriptor:
        """Makes a finished upload a blob. Needs the lock; `upload.flush()` comes before."""
        path = self._blobs / digest_to_hex(upload.digest)
        try:
            os.replace(upload.path, path)
        except OSError as error:
            raise storage_error("write", path, error) from error
        return Descriptor(media_type=media_type, digest=upload.digest, size=upload.size)

    def collect(self, discarded: Set[str]) -> None:
        """Removes those of the blobs `discarded` that nothing in the index refers to any more.

        Removes what killed processes left, too: blobs when they are a day old. Needs the lock.
        """
        self.uploads.running()
        try:
            needed = self._reachable(self.index().manifests)
        except StorageError:
            # What a damaged manifest refers to cannot be known: better too much than too little.
            return
        try:
            for path in self._blobs.iterdir():
                digest = f"sha256:{path.name}"
                if digest not in needed and (digest in discarded or self._is_old(path)):
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise storage_error("delete", error.filename or self._blobs, error) from error

    def lacking(self, manifest: Descriptor) -> list[str]:
        """The digests of what a manifest refers to and the layout has not. Raises StorageError."""
        return [each.digest for each in self._references(manifest) if not self.has_blob(each)]

    def references(self, manifest: Descriptor) -> Set[str]:
        """The digests of a manifest and of all that it refers to, as far as it can be read."""
        try:
            return self._reachable((manifest,))
        except StorageError:
            return {manifest.digest}

    def stored_size(self, manifest: Descriptor) -> int:
        """The bytes of a manifest and of all that it refers to, as far as they are there."""
        paths = (self._blobs / digest_to_hex(each) for each in self.references(manifest))
        return sum(path.stat().st_size for path in paths if path.exists())

    def _reachable(self, manifests: tuple[Descriptor, ...]) -> Set[str]:
        """The digests of manifests and of what they refer to."""
        found: set[str] = set()
        waiting = list(manifests)
        while waiting:
            blob = waiting.pop()
            if blob.digest not in found:
                found.add(blob.digest)
                waiting += self._references(blob)
        return found

    def _references(self, blob: Descriptor) -> list[Descriptor]:
        if not blob.media_type.endswith(("manifest.v1+json", "index.v1+json", "v2+json")):
            return []
        try:
            written = json.loads(self.read_blob(blob))
            listed = [*written.get("manifests", ()), *written.get("layers", ())]
            return [descriptor_from_json(each) for each in (*listed, *_config(written))]
        except (ValueError, AttributeError, TypeError) as error:
            raise StorageError(f"blob {blob.digest} is not a manifest") from error

    def _is_old(self, path: Path) -> bool:
        return self._clock.now().timestamp() - path.stat().st_mtime > _DAY

    def _make(self) -> None:
        """Makes an empty layout where there is none."""
        marker = self.directory / "oci-layout"
        if marker.exists():
            return
        try:
            self._blobs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error("write", self._blobs, error) from error
        if not (self.directory / "index.json").exists():
            self.write_index(Index())
        self._write(marker, to_json({"imageLayoutVersion": "1.0.0"}))

    def _write(self, path: Path, content: bytes) -> None:
        try:
            write_atomically(path, content)
        except OSError as error:
            raise storage_error("write", path, error) from error


def _config(manifest: dict[str, object]) -> list[object]:
    return [manifest["config"]] if "config" in manifest else []


def _busy(path: Path) -> BusyError:
    pid = holder(path)
    return BusyError(
        f"another acideploy command{f' (process {pid})' if pid else ''} is changing the models",
        hint="wait for it to end, and run this again",
    )
