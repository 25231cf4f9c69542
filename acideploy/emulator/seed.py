"""What there is at the very first start: a resource group with all that a workspace needs."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from acideploy.emulator.arm.routes import resource_id
from acideploy.emulator.cloud import SUBSCRIPTION, TENANT, Cloud
from acideploy.emulator.entra.tokens import access_token
from acideploy.emulator.errors import EmulatorError

NAME = "emulator"
ACCOUNT = "emulatorstorage"
LOCATION = "westeurope"
_GROUP_VERSION = "2022-09-01"

# The parts of the workspace by the property that names them: type, name, and what a PUT says.
_PARTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "storageAccount": (
        "Microsoft.Storage/storageAccounts",
        ACCOUNT,
        {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}},
    ),
    "keyVault": (
        "Microsoft.KeyVault/vaults",
        NAME,
        {
            "properties": {
                "tenantId": TENANT,
                "sku": {"family": "A", "name": "standard"},
                "enableRbacAuthorization": True,
            }
        },
    ),
    "applicationInsights": (
        "Microsoft.Insights/components",
        NAME,
        {"kind": "web", "properties": {"Application_Type": "web"}},
    ),
    "containerRegistry": (
        "Microsoft.ContainerRegistry/registries",
        NAME,
        {"sku": {"name": "Standard"}, "properties": {"adminUserEnabled": True}},
    ),
}

Manager = Callable[[Request], Awaitable[Response]]


async def seed(cloud: Cloud, manager: Manager) -> None:
    """Makes them, the first time; later on they are the user's to change and to delete.

    Everything is asked for as a user would ask, of `manager`: Resource Manager's own answers.
    Raises EmulatorError when one is refused.
    """
    if cloud.store.get("seed", "done") is not None:
        return
    asking = _Asking(cloud, manager)
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{NAME}"
    await asking.put(group, _GROUP_VERSION, {"location": LOCATION})
    parts = {
        property: await asking.make(kind, name, body)
        for property, (kind, name, body) in _PARTS.items()
    }
    properties = {name: id for name, id in parts.items() if id}
    workspace = {"identity": {"type": "SystemAssigned"}, "properties": properties}
    await asking.make("Microsoft.MachineLearningServices/workspaces", NAME, workspace)
    cloud.store.put("seed", "done", {})


class _Asking:
    """Requests to Resource Manager in this process, by the service principal."""

    def __init__(self, cloud: Cloud, manager: Manager) -> None:
        self._cloud = cloud
        self._manager = manager

    async def make(self, kind: str, name: str, body: Mapping[str, Any]) -> str | None:
        """Makes a resource; returns its id, or None where the cloud has no such provider."""
        namespace, _, type = kind.partition("/")
        path = f"/subscriptions/{SUBSCRIPTION}/providers/{namespace}"
        answer = await self._ask("GET", path, _GROUP_VERSION)
        if answer.status_code == 404:
            return None
        types = json.loads(bytes(answer.body))["resourceTypes"]
        versions = next(each["apiVersions"] for each in types if each["resourceType"] == type)
        id = resource_id(SUBSCRIPTION, NAME, kind, name)
        stable = [version for version in versions if "-preview" not in version]
        await self.put(id, max(stable), {"location": LOCATION, **body})
        return id

    async def put(self, path: str, version: str, body: Mapping[str, Any]) -> None:
        answer = await self._ask("PUT", path, version, body)
        if answer.status_code >= 300:
            said = bytes(answer.body).decode()
            raise EmulatorError(f"{path} could not be made: {answer.status_code} {said}")

    async def _ask(
        self, method: str, path: str, version: str, body: Mapping[str, Any] | None = None
    ) -> Response:
        token = access_token(self._cloud, "https://management.azure.com")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": f"api-version={version}".encode(),
            "headers": [
                (b"authorization", f"Bearer {token}".encode()),
                (b"content-type", b"application/json"),
                (b"host", self._cloud.url.removeprefix("https://").encode()),
            ],
        }
        content = json.dumps(body or {}).encode()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        return await self._manager(Request(scope, receive))
