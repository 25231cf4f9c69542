"""What is in a registry, and what can be done with it, whoever asks."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime

from acideploy.emulator.acr.data import locks
from acideploy.emulator.acr.data.errors import (
    blob_unknown,
    digest_invalid,
    manifest_blob_unknown,
    manifest_unknown,
    name_unknown,
    tag_invalid,
    tag_unknown,
    upload_unknown,
)
from acideploy.emulator.acr.data.files import Files
from acideploy.emulator.acr.data.images import References, read_manifest, read_platform
from acideploy.emulator.acr.data.locks import Lockable
from acideploy.emulator.acr.data.names import check_digest, check_repository, is_digest, is_tag
from acideploy.emulator.acr.data.rows import Manifest, Repository
from acideploy.emulator.acr.data.tables import Tables
from acideploy.emulator.cloud import long_time
from acideploy.emulator.store import Store

# A configuration that is larger names no platform that anybody would want to see.
_CONFIGURATION = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An upload that has begun, and the bytes of it that are there."""

    repository: str
    id: str
    started: str
    received: int


class Contents:
    """One registry. Methods raise RegistryError; changes are whole or not at all."""

    def __init__(
        self, store: Store, tables: Tables, files: Files, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self.tables = tables
        self.files = files
        self._now = now
        self._busy: dict[str, asyncio.Lock] = {}

    def repository(self, name: str) -> Repository:
        found = self.tables.repository(name)
        if found is None:
            raise name_unknown(name)
        return found

    def manifest(self, repository: str, reference: str) -> Manifest:
        """By tag or digest; raises RegistryError where a lock forbids to read it."""
        tag = self.tables.tag(repository, reference)
        found = self.tables.manifest(repository, tag.digest if tag else reference)
        if found is None:
            what = reference if is_digest(reference) else f'tagged by "{reference}"'
            raise manifest_unknown(f"manifest {what} is not found")
        locks.check("readEnabled", things=[self.tables.repository(repository), found, tag])
        return found

    async def put_manifest(
        self, repository: str, reference: str, media_type: str, body: bytes
    ) -> Manifest:
        check_repository(repository)
        algorithm = reference.partition(":")[0] if is_digest(reference) else "sha256"
        digest = f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"
        references, described = read_manifest(media_type, body)
        if not is_tag(reference) and reference != digest:
            raise digest_invalid(digest) if ":" in reference else tag_invalid(reference)
        if references.configuration:
            described.update(await self._platform(repository, references.configuration))
        self._check_references(repository, references)
        manifest = Manifest(
            digest=digest,
            media_type=media_type,
            body=body,
            subject=references.subject,
            described=described,
        )
        with self._store.transaction():
            self._keep(repository, reference, manifest)
        return manifest

    def _check_references(self, repository: str, references: References) -> None:
        for blob in references.blobs:
            if self.tables.blob_size(repository, blob) is None:
                raise manifest_blob_unknown(blob)
        for child in references.manifests:
            if self.tables.manifest(repository, child) is None:
                raise manifest_blob_unknown(child)

    def _keep(self, repository: str, reference: str, manifest: Manifest) -> None:
        known = self.tables.manifest(repository, manifest.digest)
        tag = self.tables.tag(repository, reference)
        locks.check("writeEnabled", things=[self.tables.repository(repository), known, tag])
        now = self._time()
        self.tables.keep_repository(repository, now)
        self.tables.keep_manifest(repository, manifest, now)
        if reference != manifest.digest:
            self.tables.keep_tag(repository, reference, manifest.digest, now)

    async def _platform(self, repository: str, digest: str) -> dict[str, str]:
        size = self.tables.blob_size(repository, digest)
        if size is None or size > _CONFIGURATION:
            return {}
        return read_platform(await asyncio.to_thread(self.files.blob(digest).read_bytes))

    def delete_manifest(self, repository: str, digest: str) -> None:
        """With its tags, and with what refers to it as its subject."""
        with self._store.transaction():
            self._delete_manifest(repository, digest)
            self.tables.keep_repository(repository, self._time())

    def _delete_manifest(self, repository: str, digest: str) -> None:
        found = self.tables.manifest(repository, digest)
        if found is None:
            raise manifest_unknown(f"manifest {digest} is not found")
        things: list[Lockable | None] = [self.repository(repository)]
        things += [found, *self.tables.tags_of(repository, digest)]
        locks.check("deleteEnabled", "writeEnabled", things=things)
        self.tables.drop_manifest(repository, digest)
        for referrer in self.tables.referrers(repository, digest):
            self._delete_manifest(repository, referrer.digest)

    def delete_tag(self, repository: str, name: str) -> None:
        tag = self.tables.tag(repository, name)
        if tag is None:
            raise tag_unknown()
        locks.check("deleteEnabled", "writeEnabled", things=[self.repository(repository), tag])
        with self._store.transaction():
            self.tables.drop_tag(repository, name)
            self.tables.keep_repository(repository, self._time())

    def delete_repository(self, name: str) -> tuple[list[str], list[str]]:
        """Returns the digests and the tags that were in it."""
        tags, manifests = self.tables.tags(name), self.tables.manifests(name)
        things: list[Lockable | None] = [self.repository(name), *tags, *manifests]
        locks.check("deleteEnabled", "writeEnabled", things=things)
        blobs = self.tables.blobs(name)
        with self._store.transaction():
            self.tables.drop_repository(name)
        self._remove_unlinked(blobs)
        return [each.digest for each in manifests], [each.name for each in tags]

    def delete_blob(self, repository: str, digest: str) -> None:
        self.blob_size(repository, digest)
        self.tables.unlink_blob(repository, digest)
        self._remove_unlinked([digest])

    def blob_size(self, repository: str, digest: str) -> int:
        size = self.tables.blob_size(repository, check_digest(digest))
        if size is None:
            raise blob_unknown()
        return size

    def mount(self, source: str, repository: str, digest: str) -> bool:
        """Makes a blob of one repository one of another, too; False where there is none."""
        check_repository(repository)
        size = self.tables.blob_size(source, digest)
        if size is not None:
            self.tables.link_blob(repository, digest, size)
        return size is not None

    def begin_upload(self, repository: str) -> Upload:
        check_repository(repository)
        upload = Upload(
            repository=repository, id=str(uuid.uuid4()), started=self._time(), received=0
        )
        self.files.begin(upload.id)
        self.tables.open_upload(repository, upload.id, upload.started)
        return upload

    def upload(self, repository: str, name: str) -> Upload:
        """An upload as it is now."""
        started = self.tables.upload_started(repository, name)
        if started is None:
            raise upload_unknown()
        return Upload(
            repository=repository, id=name, started=started, received=self.files.received(name)
        )

    def turn(self, upload: Upload) -> asyncio.Lock:
        """Has others wait who write to the same upload."""
        return self._busy.setdefault(upload.id, asyncio.Lock())

    async def finish_upload(self, upload: Upload, digest: str) -> int:
        """Makes an upload a blob; returns its size. One with another digest is thrown away."""
        check_digest(digest)
        found = await self.files.digest(upload.id, digest.partition(":")[0])
        if found != digest:
            self.cancel_upload(upload)
            raise digest_invalid(f"invalid digest for referenced layer: {digest}, found {found}")
        with self._store.transaction():
            size = self.files.adopt(upload.id, digest)
            self.tables.link_blob(upload.repository, digest, size)
            self.tables.close_upload(upload.repository, upload.id)
        self._busy.pop(upload.id, None)
        return size

    def cancel_upload(self, upload: Upload) -> None:
        self.tables.close_upload(upload.repository, upload.id)
        self.files.discard(upload.id)
        self._busy.pop(upload.id, None)

    async def put_blob(
        self, repository: str, stream: AsyncIterator[bytes], digest: str | None = None
    ) -> tuple[str, int]:
        """Keeps a blob; returns its digest and size. Raises RegistryError for another digest."""
        upload = self.begin_upload(repository)
        try:
            await self.files.append(upload.id, stream)
            digest = digest or await self.files.digest(upload.id)
            return digest, await self.finish_upload(upload, digest)
        except BaseException:
            self.cancel_upload(upload)
            raise

    def _remove_unlinked(self, digests: list[str]) -> None:
        for digest in digests:
            if not self.tables.is_linked(digest):
                self.files.remove(digest)

    def _time(self) -> str:
        return long_time(self._now())
