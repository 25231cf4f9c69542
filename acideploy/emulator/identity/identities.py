"""User-assigned managed identities as a surface."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.arm.operations import operations_route
from acideploy.emulator.arm.routes import Call, Provider, Route, json_response
from acideploy.emulator.arm.stored import Asked, StoredType
from acideploy.emulator.cloud import TENANT, Cloud, new_id
from acideploy.emulator.identity.federated import federated_routes
from acideploy.emulator.store import Document

NAMESPACE = "Microsoft.ManagedIdentity"
KIND = f"{NAMESPACE}/userAssignedIdentities".lower()
VERSIONS = (
    *("2025-05-31-preview", "2025-01-31-preview", "2024-11-30", "2023-07-31-preview"),
    *("2023-01-31", "2022-01-31-preview"),
    *("2021-09-30-preview", "2018-11-30", "2015-08-31-preview"),
)


_OPERATIONS = (
    (
        "userAssignedIdentities/read",
        "User Assigned Identities",
        "Get User Assigned Identity",
        "Gets an existing user assigned identity",
    ),
    (
        "userAssignedIdentities/write",
        "User Assigned Identities",
        "Create/Update User Assigned Identity",
        "Creates a new user assigned identity or updates the tags associated with an existing "
        "user assigned identity",
    ),
    (
        "userAssignedIdentities/delete",
        "User Assigned Identities",
        "Delete User Assigned Identity",
        "Deletes an existing user assigned identity",
    ),
    (
        "userAssignedIdentities/assign/action",
        "User Assigned Identities",
        "Assign User Assigned Identity",
        "RBAC action for assigning an existing user assigned identity to a resource",
    ),
)


class ManagedIdentity:
    """`Microsoft.ManagedIdentity`."""

    def __init__(self, cloud: Cloud) -> None:
        identities = StoredType(
            namespace=NAMESPACE,
            name="userAssignedIdentities",
            versions=VERSIONS,
            describe=_describe,
            # The service's own spelling.
            group_word="resourcegroups",
            show=_show,
        )

        async def put(call: Call) -> Response:
            identity, is_new = await identities.make(call)
            shown = _show(identity, call.api_version)
            if not is_new:
                return json_response(200, shown)
            return json_response(201, shown, {"location": identity["id"]})

        async def list_associated(call: Call) -> Response:
            identities.find(call)
            # The graph of resources, which knows of them, lags behind for minutes.
            return json_response(200, {"totalCount": 0, "value": []})

        one = next(route.path for route in identities.routes() if route.method == "PUT")
        self.provider = Provider(
            namespace=NAMESPACE,
            types=(identities.resource_type(),),
            other_types={
                "operations": VERSIONS,
                "userAssignedIdentities/federatedIdentityCredentials": VERSIONS,
                "userAssignedIdentities/listAssociatedResources": VERSIONS,
            },
            routes=(
                Route("PUT", one, put),
                Route("POST", one + "/listAssociatedResources", list_associated),
                *identities.routes(),
                *federated_routes(identities),
                operations_route(NAMESPACE, "Microsoft Managed Identity", _OPERATIONS),
            ),
        )

    async def resume(self) -> None:
        pass

    async def close(self) -> None:
        pass


def _show(identity: Document, version: str) -> Document:
    """An identity as an API version has it: in the first ones its id comes first."""
    if version >= "2023":
        return identity
    order = ("id", "name", "type", "location", "tags", "properties")
    return {name: identity[name] for name in order}


def find_identity(
    cloud: Cloud, *, client: str = "", principal: str = "", resource: str = ""
) -> Document | None:
    """The identity with this client id, object id or resource id, in any case."""
    for identity in cloud.store.list(KIND):
        properties = identity["properties"]
        named = (properties["clientId"], properties["principalId"], identity["id"].lower())
        asked = (client.lower(), principal.lower(), resource.lower())
        if any(given and given == own for given, own in zip(asked, named, strict=True)):
            return identity
    return None


async def _describe(asked: Asked) -> Document:
    return {
        "location": asked.location,
        "tags": asked.tags,
        "id": asked.id,
        "name": asked.name,
        "type": f"{NAMESPACE}/userAssignedIdentities",
        "properties": {
            "tenantId": TENANT,
            "principalId": asked.kept("principalId", new_id()),
            "clientId": asked.kept("clientId", new_id()),
        },
    }
