"""The document of a container group in the store: what was asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from acideploy.emulator.store import Document, Store

NAMESPACE = "Microsoft.ContainerInstance"
TYPE = f"{NAMESPACE}/containerGroups"
KIND = TYPE.lower()


class Record:
    """A group by its key, the id in lower case.

    The document has the members of the answer (`id`, `location`, `tags`, ...), but `properties` are
    as they were asked for, secrets included; `state` is the emulator's.
    """

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self.key = key

    def read(self) -> Document:
        document = self._store.get(KIND, self.key)
        if document is None:
            raise KeyError(self.key)
        return document

    @property
    def exists(self) -> bool:
        return self._store.get(KIND, self.key) is not None

    def write(self, document: Document) -> None:
        self._store.put(KIND, self.key, document)

    def delete(self) -> None:
        self._store.delete(KIND, self.key)

    @contextmanager
    def change(self) -> Iterator[Document]:
        """The document, kept again at the end. No `await` inside: others change it, too."""
        document = self.read()
        yield document
        self.write(document)


def new_state(address: str, faults: dict[str, Any], images: dict[str, str]) -> Document:
    """The state of a group that was accepted a moment ago.

    `wanted`: `running`, `stopped` (by a request) or `ended` (by itself). `assigned`: whether the
    address is shown yet. `views` and `logs` are by the container's name.
    """
    return {
        "provisioning": "Pending",
        "wanted": "running",
        "address": address,
        "assigned": False,
        "operation": None,
        "events": [],
        "views": {},
        "logs": {},
        "faults": faults,
        "images": images,
    }
