"""Azure Machine Learning as a surface: workspaces, and the routes of what is in them."""

from __future__ import annotations

import re

from starlette.responses import Response

from acideploy.emulator.aml.answers import NAMESPACE, dressed, user_error
from acideploy.emulator.aml.datastores import datastore_routes, make_defaults
from acideploy.emulator.aml.models import model_routes
from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.routes import Call, Provider, Route, empty_response, json_response
from acideploy.emulator.arm.stored import Asked, StoredType, system_data
from acideploy.emulator.cloud import TENANT, Cloud, new_id
from acideploy.emulator.store import Document

VERSIONS = (
    *("2025-10-01-preview", "2025-09-01", "2025-07-01-preview", "2025-06-01"),
    *("2025-04-01-preview", "2025-04-01", "2025-01-01-preview", "2024-10-01-preview"),
    *("2024-10-01", "2024-07-01-preview", "2024-04-01-preview", "2024-04-01"),
    *("2024-01-01-preview", "2023-10-01", "2023-08-01-preview", "2023-06-01-preview"),
    *("2023-04-01-preview", "2023-04-01", "2023-02-01-preview", "2022-12-01-preview"),
    *("2022-10-01-preview", "2022-10-01", "2022-06-01-preview", "2022-05-01"),
    *("2022-02-01-preview", "2022-01-01-preview", "2021-07-01", "2021-04-01"),
    *("2021-03-01-preview", "2021-01-01", "2020-08-01", "2020-06-01", "2020-04-01"),
)
_OPERATIONS = "workspace operation"
_NAME = re.compile(r"[A-Za-z0-9][-\w]{2,32}", re.ASCII)


class MachineLearning:
    """`Microsoft.MachineLearningServices`."""

    def __init__(self, cloud: Cloud) -> None:
        self._workspaces = StoredType(
            namespace=NAMESPACE, name="workspaces", versions=VERSIONS, describe=_describe
        )
        one = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{NAMESPACE}"
        one += "/workspaces/{name}"
        status = (
            f"/subscriptions/{{subscription}}/providers/{NAMESPACE}/locations/{{location}}"
            "/workspaceOperationsStatus/{operation}"
        )
        routes = (
            # Before the plain ones of every stored type: these answer when they are done.
            Route("PUT", one, self._put),
            Route("PATCH", one, self._patch),
            Route("DELETE", one, self._delete),
            *self._workspaces.routes(),
            *model_routes(),
            *datastore_routes(),
            Route("GET", status, self._status),
        )
        below = ("models", "models/versions", "datastores", "datastores/listSecrets")
        self.provider = Provider(
            namespace=NAMESPACE,
            types=(self._workspaces.resource_type(),),
            other_types={
                **{f"workspaces/{name}": VERSIONS for name in below},
                "locations": VERSIONS,
                "locations/workspaceOperationsStatus": VERSIONS,
            },
            routes=tuple(dressed(route) for route in routes),
        )

    async def resume(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def _put(self, call: Call) -> Response:
        workspace, is_new = await self._workspaces.make(call)
        if is_new:
            make_defaults(call, workspace)
        return _accepted(call, workspace)

    async def _patch(self, call: Call) -> Response:
        return _accepted(call, await self._workspaces.change(call))

    async def _delete(self, call: Call) -> Response:
        try:
            workspace = self._workspaces.find(call)
        except ArmError:
            return empty_response(204)
        await self._workspaces.remove(call.cloud, workspace)
        return _accepted(call, workspace)

    async def _status(self, call: Call) -> Response:
        operation = call.cloud.store.get(_OPERATIONS, call["operation"])
        if operation is None:
            raise user_error(call, 404, "The operation was not found.")
        workspace = call.cloud.store.get(self._workspaces.kind, operation["resource"].lower())
        if call.query.get("type") == "async":
            return json_response(200, {"status": "Succeeded", "percentComplete": 100.0})
        return json_response(200, workspace) if workspace else empty_response(200)


def _accepted(call: Call, workspace: Document) -> Response:
    """What is done at once is told as Azure tells it: by an operation to be asked for."""
    operation = new_id()
    call.cloud.store.put(_OPERATIONS, operation, {"resource": workspace["id"]})
    path = "/".join(workspace["id"].split("/")[:3])
    status = (
        f"{call.cloud.url}{path}/providers/{NAMESPACE}/locations/{workspace['location']}"
        f"/workspaceOperationsStatus/{operation}?api-version={call.api_version}"
    )
    return empty_response(
        202, {"location": f"{status}&type=location", "azure-asyncoperation": f"{status}&type=async"}
    )


async def _describe(asked: Asked) -> Document:
    if not _NAME.fullmatch(asked.name):
        raise user_error(
            asked.call,
            400,
            f"Workspace name '{asked.name}' is invalid. It must be between 3 and 33 characters "
            "long. Its first character has to be alphanumeric, and the rest may contain hyphens "
            "and underscores. No whitespace is allowed.",
        )
    given = asked.properties
    needed = ("storageAccount", "keyVault", "applicationInsights")
    if not all(isinstance(given.get(name), str) for name in needed):
        raise user_error(asked.call, 400, "Missing dependent resources in workspace json")
    front = asked.call.cloud.url
    registry = given.get("containerRegistry")
    return {
        "id": asked.id,
        "name": asked.name,
        "type": f"{NAMESPACE}/workspaces",
        "location": asked.location,
        "tags": asked.tags,
        "etag": None,
        "properties": {
            "friendlyName": given.get("friendlyName") or asked.name,
            "description": given.get("description") or "",
            "storageAccount": given["storageAccount"],
            # The service's own spelling of these two namespaces.
            "keyVault": _spelt(given["keyVault"], "Microsoft.Keyvault"),
            "applicationInsights": _spelt(given["applicationInsights"], "Microsoft.insights"),
            **({"containerRegistry": registry} if registry else {}),
            "hbiWorkspace": bool(given.get("hbiWorkspace")),
            "tenantId": TENANT,
            "provisioningState": "Succeeded",
            "managedNetwork": given.get("managedNetwork")
            or {"isolationMode": "Disabled", "outboundRules": None},
            "v1LegacyMode": bool(given.get("v1LegacyMode")),
            "workspaceId": asked.kept("workspaceId", new_id()),
            "publicNetworkAccess": given.get("publicNetworkAccess") or "Enabled",
            "discoveryUrl": f"{front}/discovery",
            "mlFlowTrackingUri": f"azureml://{front.removeprefix('https://')}/mlflow/v1.0"
            + asked.id,
        },
        "identity": _identity(asked),
        "kind": asked.body.get("kind") or "Default",
        "sku": asked.body.get("sku") or {"name": "Basic", "tier": "Basic"},
        "systemData": system_data(asked.call, asked.known),
    }


def _spelt(id: str, namespace: str) -> str:
    return re.sub(
        f"/providers/{re.escape(namespace)}/", f"/providers/{namespace}/", id, flags=re.IGNORECASE
    )


def _identity(asked: Asked) -> Document:
    given = asked.body.get("identity") or {"type": "SystemAssigned"}
    known = (asked.known or {}).get("identity", {})
    made = {"principalId": known.get("principalId", new_id()), "tenantId": TENANT}
    kind = str(given.get("type", "SystemAssigned"))
    users = given.get("userAssignedIdentities")
    return {
        "type": kind,
        **(made if "systemassigned" in kind.lower() else {}),
        **({"userAssignedIdentities": users} if users else {}),
    }
