"""An OCI image layout as a registry: one pool of blobs, with `repository:tag` as names."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Set

from acideploy.errors import StorageError
from acideploy.progress import Advance
from acideploy.registry import Blob, Manifest, Pushed
from acideploy.registry.descriptor import Descriptor
from acideploy.registry.layout import ImageLayout

_CHUNK = 1 << 20


class DirectoryRegistry:
    """The repositories in `layout`. A blob is in all of them: nothing needs to be mounted."""

    def __init__(self, layout: ImageLayout) -> None:
        self._layout = layout

    @property
    def location(self) -> str:
        return str(self._layout.directory)

    def find_manifest(self, repository: str, reference: str) -> Manifest | None:
        index = self._layout.index()
        if ":" in reference:
            named = (each for each in index.manifests if each.digest == reference)
            found = next(named, None)
        else:
            found = index.find(f"{repository}:{reference}")
        if found is None:
            return None
        return Manifest(content=self._layout.read_blob(found), media_type=found.media_type)

    def chunks(self, repository: str, blob: Descriptor) -> Iterator[bytes]:
        with self._layout.open_blob(blob) as reader:
            held = b""
            while chunk := reader.read(_CHUNK):
                if held:
                    yield held
                held = chunk
            # The last is given only when all were what the digest says.
            reader.finish()
            yield held

    def push_blob(self, repository: str, blob: Blob, *, advance: Advance) -> Pushed:
        if self._layout.has_blob(blob.descriptor):
            return "present"
        with self._layout.locked():
            upload = self._layout.uploads.start(secrets.token_hex(16))
        with upload:
            for chunk in blob.chunks():
                upload.write(chunk)
                advance(len(chunk))
            if upload.digest != blob.descriptor.digest:
                raise StorageError(
                    f"{blob.title} changed while it was read",
                    hint="run this again when nothing writes to it any more",
                )
            upload.flush()
            with self._layout.locked():
                self._layout.keep(upload, blob.descriptor.media_type)
        return "uploaded"

    def push_manifest(self, repository: str, manifest: Manifest, *, tag: str | None) -> None:
        with self._layout.locked():
            added = self._layout.add_blob(manifest.content, manifest.media_type)
            reference = f"{repository}:{tag}" if tag else f"{repository}@{manifest.digest}"
            # Another command may have removed a blob since it was seen to be there.
            if lacking := self._layout.lacking(added):
                raise StorageError(
                    f"{reference} lacks blob {lacking[0]}, which has gone",
                    hint="run this again",
                )
            index = self._layout.index()
            old = index.find(reference)
            outdated = self._layout.references(old) if old else set()
            self._layout.write_index(index.with_manifest(added, reference=reference))
            self._layout.collect(outdated)

    def remove_all_but(self, kept: Set[str], *, of: tuple[str, ...]) -> dict[str, int]:
        """Removes the names that begin with one of `of` and are not kept; the bytes of each."""
        removed: dict[str, int] = {}
        with self._layout.locked():
            index = self._layout.index()
            discarded: set[str] = set()
            for each in index.manifests:
                name = each.reference or ""
                if name.startswith(of) and name not in kept:
                    removed[name] = self._layout.stored_size(each)
                    discarded |= self._layout.references(each)
                    index = index.without(name)
            if removed:
                self._layout.write_index(index)
                self._layout.collect(discarded)
        return removed
