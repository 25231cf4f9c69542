"""One registry, as the control plane sees it: a login server, blobs, manifests and tags."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.types import ASGIApp

from acideploy.emulator.acr.data import storage
from acideploy.emulator.acr.data.access import Access
from acideploy.emulator.acr.data.contents import Contents
from acideploy.emulator.acr.data.files import Files, read
from acideploy.emulator.acr.data.identities import Identities, Scopes
from acideploy.emulator.acr.data.rows import Manifest
from acideploy.emulator.acr.data.schema import registry_of
from acideploy.emulator.acr.data.service import Service
from acideploy.emulator.acr.data.tables import Tables
from acideploy.emulator.cloud import Cloud

__all__ = ["Identities", "Manifest", "RegistryData", "Scopes"]


class RegistryData:
    """What is in the registry `name`. It is all kept: made anew with the name, it is there again.

    Methods raise RegistryError (errors.py) for what the protocol would refuse, too.
    """

    def __init__(self, cloud: Cloud, name: str, *, identities: Identities) -> None:
        self._cloud = cloud
        self._site = f"registry:{name.lower()}"
        self._id, self._secret = registry_of(cloud.store.database, name)
        self._contents = Contents(
            cloud.store,
            Tables(cloud.store.database, self._id),
            Files(storage.directory(cloud, self._id)),
            cloud.clock.now,
        )
        self._identities = identities

    def app(self) -> ASGIApp:
        """The registry's own site. Blobs are read from another one: `open` opens both."""
        return Service(
            self._cloud,
            self._contents,
            self._identities,
            registry=self._id,
            secret=self._secret,
        )

    def refresh_token(self, principal: str) -> str:
        """What a principal of Microsoft Entra (its object id) logs in with, as TOKEN_USER."""
        return Access(self._cloud, self._identities, self._id).refreshing_as(principal)

    async def open(self) -> str:
        """Serves the registry; returns its login server, `localhost:PORT`."""
        await storage.open_storage(self._cloud)
        return await self._cloud.open_site(self._site, self.app())

    async def close(self) -> None:
        await self._cloud.sites.close(self._site)

    async def delete(self) -> None:
        """Stops serving it, and forgets its port and all that is in it."""
        await self._cloud.sites.close(self._site, forget=True)
        with self._cloud.store.transaction():
            self._contents.tables.drop_registry()
        await asyncio.to_thread(self._contents.files.remove_all)

    def usage(self) -> int:
        """The bytes stored; of what repositories share once."""
        return self._contents.tables.usage()

    def repositories(self) -> list[str]:
        return [each.name for each in self._contents.tables.repositories()]

    def tags(self, repository: str) -> dict[str, str]:
        """Digests by tag."""
        return {each.name: each.digest for each in self._contents.tables.tags(repository)}

    def manifest(self, repository: str, reference: str) -> Manifest:
        """By tag or digest, with `digest`, `media_type` and `body`."""
        return self._contents.manifest(repository, reference)

    async def put_manifest(
        self, repository: str, reference: str, media_type: str, body: bytes
    ) -> Manifest:
        """Under a tag or its digest. What it refers to must be there already."""
        return await self._contents.put_manifest(repository, reference, media_type, body)

    def has_blob(self, repository: str, digest: str) -> bool:
        return self._contents.tables.blob_size(repository, digest) is not None

    def read_blob(self, repository: str, digest: str) -> AsyncIterator[bytes]:
        """Its bytes, in parts: what `put_blob` of another registry takes."""
        self._contents.blob_size(repository, digest)
        return read(self._contents.files.blob(digest))

    def mount_blob(self, source: str, repository: str, digest: str) -> bool:
        """Makes a blob of one repository one of another, too; False where there is none."""
        return self._contents.mount(source, repository, digest)

    async def put_blob(
        self, repository: str, stream: AsyncIterator[bytes], digest: str | None = None
    ) -> tuple[str, int]:
        """Keeps a blob; returns its digest and size. RegistryError for another than `digest`."""
        return await self._contents.put_blob(repository, stream, digest)
