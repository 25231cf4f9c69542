"""Federated credentials of a user-assigned identity: which tokens of others stand for it."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.arm.stored import StoredType
from acideploy.emulator.store import Document

_WORD = "federatedIdentityCredentials"


def federated_routes(identities: StoredType) -> tuple[Route, ...]:
    """The credentials of identities, which go with them. Nothing here trusts them."""
    type = f"{identities.full_name}/{_WORD}"
    kind = type.lower()
    path = (
        "/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/{identities.full_name}/{{name}}/{_WORD}"
    )

    def key(call: Call) -> str:
        return f"{identities.key(call['group'], call['name'])}/{_WORD}/{call['part']}".lower()

    async def list_all(call: Call) -> Response:
        identities.find(call)
        prefix = identities.key(call["group"], call["name"]) + "/"
        return json_response(200, {"value": call.cloud.store.list(kind, prefix)})

    async def get(call: Call) -> Response:
        found = call.cloud.store.get(kind, key(call))
        if found is None:
            raise ArmError(
                404, "NotFound", f"The Federated Identity '{call['part']}' is not there."
            )
        return json_response(200, found)

    async def put(call: Call) -> Response:
        identity, body = identities.find(call), await call.body()
        known = call.cloud.store.get(kind, key(call))
        document: Document = {
            "id": f"{identity['id']}/{_WORD}/{call['part']}",
            "name": call["part"],
            "type": type,
            "properties": _properties(body),
        }
        call.cloud.store.put(kind, key(call), document)
        if known:
            return json_response(200, document)
        return json_response(201, document, {"location": document["id"]})

    async def delete(call: Call) -> Response:
        known = call.cloud.store.get(kind, key(call))
        call.cloud.store.delete(kind, key(call))
        return empty_response(200 if known else 204)

    one = path + "/{part}"
    return (
        Route("GET", path, list_all),
        Route("GET", one, get),
        Route("PUT", one, put),
        Route("DELETE", one, delete),
    )


def _properties(body: Document) -> Document:
    given = body.get("properties") or {}
    names = ("issuer", "subject", "audiences")
    for name in names:
        if not given.get(name):
            raise ArmError(400, "BadRequest", f"The property '{name}' is missing.")
    return {name: given[name] for name in names}
