"""Role definitions: those there always are, and the user's own."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError, invalid_content
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.cloud import long_time
from acideploy.emulator.identity.roles import BUILT_IN
from acideploy.emulator.identity.scopes import NAMESPACE, scope_of, terms

_DEFINITIONS = "role definition"


def definition_routes(path: str) -> tuple[Route, ...]:
    return (
        Route("GET", path, _list_definitions),
        Route("GET", path + "/{id}", _get_definition),
        Route("PUT", path + "/{id}", _put_definition),
        Route("DELETE", path + "/{id}", _delete_definition),
    )


async def _list_definitions(call: Call) -> Response:
    wanted = terms(call)
    own = call.cloud.store.list(_DEFINITIONS)
    found = [
        each
        for each in (*BUILT_IN, *own)
        if wanted.get("rolename", each["properties"]["roleName"].lower())
        == each["properties"]["roleName"].lower()
        and wanted.get("type", each["properties"]["type"].lower())
        == each["properties"]["type"].lower()
    ]
    return json_response(200, {"value": found})


async def _get_definition(call: Call) -> Response:
    wanted = call["id"].lower()
    own = call.cloud.store.list(_DEFINITIONS)
    for each in (*BUILT_IN, *own):
        if each["name"] == wanted:
            return json_response(200, each)
    raise ArmError(
        404,
        "RoleDefinitionDoesNotExist",
        f"The specified role definition with ID '{wanted.replace('-', '')}' does not exist.",
    )


async def _put_definition(call: Call) -> Response:
    given = (await call.body()).get("properties")
    if not isinstance(given, dict) or not isinstance(given.get("roleName"), str):
        raise invalid_content("The request content was invalid: 'roleName' is required.")
    name, now = call["id"].lower(), long_time(call.cloud.clock.now())
    definition = {
        "properties": {
            "roleName": given["roleName"],
            "type": "CustomRole",
            "description": given.get("description") or "",
            "assignableScopes": given.get("assignableScopes") or [scope_of(call)],
            "permissions": given.get("permissions") or [],
            "createdOn": now,
            "updatedOn": now,
            "createdBy": call.caller.get("oid"),
            "updatedBy": call.caller.get("oid"),
        },
        "id": f"{scope_of(call)}/providers/{NAMESPACE}/roleDefinitions/{name}",
        "type": f"{NAMESPACE}/roleDefinitions",
        "name": name,
    }
    call.cloud.store.put(_DEFINITIONS, name, definition)
    return json_response(201, definition)


async def _delete_definition(call: Call) -> Response:
    known = call.cloud.store.get(_DEFINITIONS, call["id"].lower())
    call.cloud.store.delete(_DEFINITIONS, call["id"].lower())
    return json_response(200, known) if known else empty_response(204)
