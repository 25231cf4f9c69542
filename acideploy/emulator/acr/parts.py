"""What lies in a registry as a resource of its own: scope maps, tokens, tasks, agent pools."""

from __future__ import annotations

from dataclasses import dataclass

from acideploy.emulator.acr.registries import Registries
from acideploy.emulator.acr.registry_document import TYPE
from acideploy.emulator.arm.routes import Call
from acideploy.emulator.store import Document


@dataclass(frozen=True)
class Parts:
    """The parts of one type, as `tokens`; a request names one as `part`."""

    registries: Registries
    name: str

    @property
    def type(self) -> str:
        return f"{TYPE}/{self.name}"

    def identifier(self, call: Call) -> str:
        """The id of the part that a request names. Raises ArmError (404) without its registry."""
        return f"{self.registries.of(call)['id']}/{self.name}/{call['part']}"

    def find(self, call: Call) -> Document | None:
        return call.cloud.store.get(self.type.lower(), self.identifier(call).lower())

    def list(self, call: Call) -> list[Document]:
        """The oldest first."""
        prefix = f"{self.registries.of(call)['id']}/{self.name}/".lower()
        found = call.cloud.store.list(self.type.lower(), prefix)
        return sorted(found, key=lambda part: str(part["systemData"]["createdAt"]))

    def keep(self, call: Call, document: Document) -> None:
        call.cloud.store.put(self.type.lower(), document["id"].lower(), document)

    def delete(self, call: Call) -> bool:
        """Takes a part away with what lies below it; False when there is none."""
        identifier = self.identifier(call).lower()
        call.cloud.store.delete_below(identifier + "/")
        return call.cloud.store.delete(self.type.lower(), identifier)
