"""The registries that there are, each with a site of its own, and how they are found."""

from __future__ import annotations

from dataclasses import dataclass

from acideploy.emulator.acr.data.registry import RegistryData
from acideploy.emulator.acr.engine import Login
from acideploy.emulator.acr.identities import BUILDER, RegistryIdentities
from acideploy.emulator.acr.registry_document import TYPE
from acideploy.emulator.arm.errors import resource_not_found
from acideploy.emulator.arm.routes import Call, resource_id
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud
from acideploy.emulator.store import Document

KIND = TYPE.lower()


@dataclass(frozen=True)
class _Open:
    content: RegistryData
    identities: RegistryIdentities


class Registries:
    """Registries and their content. Names are unique in the whole cloud, in any case."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._open: dict[str, _Open] = {}

    def all(self, prefix: str = "") -> list[Document]:
        """The registries whose ids begin with `prefix`."""
        return self._cloud.store.list(KIND, prefix.lower())

    def named(self, name: str) -> Document | None:
        """A registry by its name, in whichever group it is."""
        return next((each for each in self.all() if each["name"].lower() == name.lower()), None)

    def by_id(self, identifier: str) -> Document | None:
        return self._cloud.store.get(KIND, identifier.lower())

    def of(self, call: Call) -> Document:
        """The registry that a request is about. Raises ArmError (404)."""
        found = self.by_id(registry_id(call))
        if found is None:
            raise resource_not_found(TYPE, call["registry"], call["group"])
        return found

    def keep(self, document: Document) -> None:
        self._cloud.store.put(KIND, document["id"].lower(), document)

    def content(self, registry: Document) -> RegistryData:
        """The data plane of a registry that is there."""
        return self._open[registry["name"].lower()].content

    def builder(self, registry: Document) -> Login:
        """What an engine logs in with to build for a registry."""
        password = self._open[registry["name"].lower()].identities.builder_password
        server = registry["properties"]["loginServer"]
        return Login(server=server, username=BUILDER, password=password)

    async def open(self, identifier: str) -> str:
        """Serves the content of a registry; returns its login server."""
        name = identifier.rpartition("/")[2].lower()
        identities = RegistryIdentities(self._cloud, identifier)
        content = RegistryData(self._cloud, name, identities=identities)
        address = await content.open()
        self._open[name] = _Open(content, identities)
        return address

    async def forget(self, registry: Document) -> None:
        """Takes a registry away with all that is in it; its address is free for others."""
        self._cloud.store.delete(KIND, registry["id"].lower())
        self._cloud.store.delete_below(registry["id"].lower() + "/")
        if found := self._open.pop(registry["name"].lower(), None):
            await found.content.delete()

    async def close(self) -> None:
        for each in self._open.values():
            await each.content.close()
        self._open.clear()


def registry_id(call: Call) -> str:
    """The id of the registry that a path names, spelt as there."""
    return resource_id(SUBSCRIPTION, call["group"], TYPE, call["registry"])
