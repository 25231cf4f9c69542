"""User-assigned managed identities as a surface."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.arm.routes import Call, Provider, Route, json_response
from acideploy.emulator.arm.stored import Asked, StoredType
from acideploy.emulator.cloud import TENANT, Cloud, new_id
from acideploy.emulator.store import Document

NAMESPACE = "Microsoft.ManagedIdentity"
KIND = f"{NAMESPACE}/userAssignedIdentities".lower()
VERSIONS = (
    *("2025-05-31-preview", "2025-01-31-preview", "2024-11-30", "2023-07-31-preview"),
    *("2023-01-31", "2022-01-31-preview"),
    *("2021-09-30-preview", "2018-11-30", "2015-08-31-preview"),
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
        )

        async def put(call: Call) -> Response:
            identity, is_new = await identities.make(call)
            if not is_new:
                return json_response(200, identity)
            return json_response(201, identity, {"location": identity["id"]})

        one = next(route.path for route in identities.routes() if route.method == "PUT")
        self.provider = Provider(
            namespace=NAMESPACE,
            types=(identities.resource_type(),),
            routes=(Route("PUT", one, put), *identities.routes()),
        )

    async def resume(self) -> None:
        pass

    async def close(self) -> None:
        pass


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
