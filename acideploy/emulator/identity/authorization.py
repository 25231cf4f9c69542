"""Role assignments and definitions: kept, listed, and never asked whether they forbid anything."""

from __future__ import annotations

import re

from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError, invalid_content
from acideploy.emulator.arm.routes import Call, Provider, Route, empty_response, json_response
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud, long_time
from acideploy.emulator.identity.roles import BUILT_IN
from acideploy.emulator.store import Document

NAMESPACE = "Microsoft.Authorization"
VERSIONS = (
    *("2022-05-01-preview", "2022-04-01", "2021-04-01-preview", "2020-10-01-preview"),
    *("2020-04-01-preview", "2020-03-01-preview", "2018-09-01-preview", "2018-07-01"),
    *("2018-01-01-preview", "2017-10-01-preview", "2015-07-01"),
)
_ASSIGNMENTS = "role assignment"
_DEFINITIONS = "role definition"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
_RESOURCE = _GROUP + "/providers/{namespace}/{type}/{name}"
# Whatever something can be allowed on.
_SCOPES = (
    "",
    "/subscriptions/{subscription}",
    _GROUP,
    _RESOURCE,
    _RESOURCE + "/{type2}/{name2}",
)
_TERM = re.compile(r"\s*(\w+)\s*(?:eq\s*'([^']*)'|\(\s*(?:'([^']*)')?\s*\))\s*", re.IGNORECASE)


class Authorization:
    """`Microsoft.Authorization`."""

    def __init__(self, cloud: Cloud) -> None:
        self.provider = Provider(
            namespace=NAMESPACE,
            other_types=dict.fromkeys(
                ("roleAssignments", "roleDefinitions", "permissions"), VERSIONS
            ),
            routes=tuple(route for scope in _SCOPES for route in _routes(scope)),
        )

    async def resume(self) -> None:
        pass

    async def close(self) -> None:
        pass


def _routes(scope: str) -> tuple[Route, ...]:
    base = f"{scope}/providers/{NAMESPACE}"
    assignment, definition = base + "/roleAssignments", base + "/roleDefinitions"
    return (
        Route("GET", base + "/permissions", _permissions),
        Route("GET", assignment, _list_assignments),
        Route("GET", assignment + "/{id}", _get_assignment),
        Route("PUT", assignment + "/{id}", _put_assignment),
        Route("DELETE", assignment + "/{id}", _delete_assignment),
        Route("GET", definition, _list_definitions),
        Route("GET", definition + "/{id}", _get_definition),
        Route("PUT", definition + "/{id}", _put_definition),
        Route("DELETE", definition + "/{id}", _delete_definition),
    )


async def _permissions(call: Call) -> Response:
    everything = {"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}
    return json_response(200, {"value": [everything]})


async def _list_assignments(call: Call) -> Response:
    """Those at the scope, below it, and above it unless the filter says otherwise."""
    scope, wanted = _scope(call), _filter(call)
    found = [
        each
        for each in call.cloud.store.list(_ASSIGNMENTS)
        if _concerns(each["properties"]["scope"], scope, only="atscope" in wanted)
        and _is_of(each, wanted.get("principalid") or wanted.get("assignedto"))
    ]
    return json_response(200, {"value": found})


async def _get_assignment(call: Call) -> Response:
    return json_response(200, _find_assignment(call))


async def _put_assignment(call: Call) -> Response:
    body = await call.body()
    given = body.get("properties")
    # The oldest versions have the two at the top.
    given = given if isinstance(given, dict) else body
    role, principal = given.get("roleDefinitionId"), given.get("principalId")
    if not isinstance(role, str) or not isinstance(principal, str):
        raise invalid_content(
            "The request content was invalid: 'roleDefinitionId' and 'principalId' are required."
        )
    scope, key = _scope(call), _key(call)
    known = call.cloud.store.get(_ASSIGNMENTS, key)
    same = _same(call, scope, role, principal)
    if same or (known and known["properties"]["principalId"] != principal):
        raise ArmError(409, "RoleAssignmentExists", "The role assignment already exists.")
    now, who = long_time(call.cloud.clock.now()), call.caller.get("oid")
    assignment = {
        "properties": {
            "roleDefinitionId": _with_subscription(role),
            "principalId": principal,
            "principalType": given.get("principalType") or "ServicePrincipal",
            "scope": scope or "/",
            "condition": given.get("condition"),
            "conditionVersion": given.get("conditionVersion"),
            "createdOn": now,
            "updatedOn": now,
            "createdBy": who,
            "updatedBy": who,
            "delegatedManagedIdentityResourceId": None,
            "description": given.get("description"),
        },
        "id": f"{scope}/providers/{NAMESPACE}/roleAssignments/{call['id']}",
        "type": f"{NAMESPACE}/roleAssignments",
        "name": call["id"],
    }
    call.cloud.store.put(_ASSIGNMENTS, key, assignment)
    return json_response(201, assignment)


async def _delete_assignment(call: Call) -> Response:
    known = call.cloud.store.get(_ASSIGNMENTS, _key(call))
    if known is None:
        return empty_response(204)
    call.cloud.store.delete(_ASSIGNMENTS, _key(call))
    return json_response(200, known)


async def _list_definitions(call: Call) -> Response:
    wanted = _filter(call)
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
            "assignableScopes": given.get("assignableScopes") or [_scope(call)],
            "permissions": given.get("permissions") or [],
            "createdOn": now,
            "updatedOn": now,
            "createdBy": call.caller.get("oid"),
            "updatedBy": call.caller.get("oid"),
        },
        "id": f"{_scope(call)}/providers/{NAMESPACE}/roleDefinitions/{name}",
        "type": f"{NAMESPACE}/roleDefinitions",
        "name": name,
    }
    call.cloud.store.put(_DEFINITIONS, name, definition)
    return json_response(201, definition)


async def _delete_definition(call: Call) -> Response:
    known = call.cloud.store.get(_DEFINITIONS, call["id"].lower())
    call.cloud.store.delete(_DEFINITIONS, call["id"].lower())
    return json_response(200, known) if known else empty_response(204)


def _find_assignment(call: Call) -> Document:
    found = call.cloud.store.get(_ASSIGNMENTS, _key(call))
    if found is None:
        raise ArmError(
            404, "RoleAssignmentNotFound", f"The role assignment '{call['id']}' is not found."
        )
    return found


def _same(call: Call, scope: str, role: str, principal: str) -> bool:
    """Whether another assignment says the same."""
    wanted = (scope.lower() or "/", role.rpartition("/")[2].lower(), principal.lower())
    return any(
        (
            each["properties"]["scope"].lower(),
            each["properties"]["roleDefinitionId"].rpartition("/")[2].lower(),
            each["properties"]["principalId"].lower(),
        )
        == wanted
        for each in call.cloud.store.list(_ASSIGNMENTS)
        if each["name"].lower() != call["id"].lower()
    )


def _concerns(assigned: str, scope: str, *, only: bool) -> bool:
    assigned, scope = assigned.lower().rstrip("/") + "/", scope.lower().rstrip("/") + "/"
    return scope.startswith(assigned) or (not only and assigned.startswith(scope))


def _is_of(assignment: Document, principal: str | None) -> bool:
    return principal is None or assignment["properties"]["principalId"].lower() == principal


def _filter(call: Call) -> dict[str, str]:
    """The terms of `atScope() and principalId eq 'x'`, all in lower case."""
    text = call.query.get("$filter", "")
    terms = [_TERM.fullmatch(each) for each in re.split(r"\band\b", text)] if text else []
    if not all(terms):
        raise ArmError(400, "InvalidFilter", f"The filter '{text}' is not supported.")
    return {term[1].lower(): (term[2] or term[3] or "").lower() for term in terms if term}


def _scope(call: Call) -> str:
    path: str = call.request.scope["path"]
    return path[: path.lower().rindex(f"/providers/{NAMESPACE}".lower())]


def _key(call: Call) -> str:
    # Below the id of what it is for, so that it goes with that.
    return f"{_scope(call)}/roleassignments/{call['id']}".lower()


def _with_subscription(role: str) -> str:
    """The id of a definition, as the service writes it, of one without a scope."""
    return role if role.startswith("/subscriptions/") else f"/subscriptions/{SUBSCRIPTION}{role}"
