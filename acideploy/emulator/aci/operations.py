"""What clients poll after a request that goes on when it is answered."""

from __future__ import annotations

from acideploy.emulator.aci.orders import all_containers
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud, long_time, new_id
from acideploy.emulator.store import Document

_KIND = "container group operation"
# Whatever API version the request had.
_VERSION = "2018-06-01"


class Operations:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def begin(self, document: Document) -> str:
        """Begins an operation on a group, which it notes in the group's state; returns its id."""
        operation = new_id()
        body = {
            "id": document["id"],
            "status": "Pending",
            "startTime": long_time(self._cloud.clock.now()),
            "properties": {"events": []},
        }
        self._cloud.store.put(_KIND, operation, body)
        self.finish(document, "Canceled")
        document["state"]["operation"] = operation
        return operation

    def finish(self, document: Document, status: str) -> None:
        """Ends the operation on a group, if there is one, with the events of its containers."""
        operation = document["state"]["operation"]
        body = operation and self._cloud.store.get(_KIND, operation)
        if not body or body["status"] != "Pending":
            return
        state = document["state"]
        names = [container["name"] for container in all_containers(document)]
        events = [event for n in names for event in state["views"].get(n, {}).get("events", [])]
        failed = state["events"] if status == "Failed" else []
        body["status"], body["properties"] = status, {"events": [*events, *failed]}
        self._cloud.store.put(_KIND, operation, body)

    def find(self, operation: str) -> Document | None:
        return self._cloud.store.get(_KIND, operation)

    def url(self, operation: str, region: str) -> str:
        """The value of `Azure-AsyncOperation`."""
        return (
            f"{self._cloud.url}/subscriptions/{SUBSCRIPTION}/providers/"
            f"Microsoft.ContainerInstance/locations/{region}/operations/{operation}"
            f"?api-version={_VERSION}"
        )
