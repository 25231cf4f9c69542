"""Role assignments. Of all that is asked, only pulls as an identity depend on them."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError, invalid_content
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud, long_time
from acideploy.emulator.identity.roles import allows
from acideploy.emulator.identity.scopes import NAMESPACE, scope_of, terms
from acideploy.emulator.store import Document

_ASSIGNMENTS = "role assignment"


def assignment_routes(path: str) -> tuple[Route, ...]:
    return (
        Route("GET", path, _list_assignments),
        Route("GET", path + "/{id}", _get_assignment),
        Route("PUT", path + "/{id}", _put_assignment),
        Route("DELETE", path + "/{id}", _delete_assignment),
    )


def may(cloud: Cloud, principal: str, action: str, *, on: str) -> bool:
    """True when a principal has a built-in role with an action on a resource, or above it."""
    return any(
        _is_of(each, principal.lower())
        and (on.lower() + "/").startswith(each["properties"]["scope"].lower().rstrip("/") + "/")
        and allows(each["properties"]["roleDefinitionId"].rpartition("/")[2], action)
        for each in cloud.store.list(_ASSIGNMENTS)
    )


async def _list_assignments(call: Call) -> Response:
    """Those at the scope, below it, and above it unless the filter says otherwise."""
    scope, wanted = scope_of(call), terms(call)
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
    scope, key = scope_of(call), _key(call)
    known = call.cloud.store.get(_ASSIGNMENTS, key)
    if known and known["properties"]["principalId"] != principal:
        raise ArmError(
            400,
            "RoleAssignmentUpdateNotPermitted",
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
        )
    if _same(call, scope, role, principal):
        raise ArmError(409, "RoleAssignmentExists", "The role assignment already exists.")
    now, who = long_time(call.cloud.clock.now()), call.caller.get("oid")
    assignment: Document = {
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
    # Who made it is told only later.
    properties = {**assignment["properties"], "createdBy": None}
    return json_response(201, {**assignment, "properties": properties})


async def _delete_assignment(call: Call) -> Response:
    known = call.cloud.store.get(_ASSIGNMENTS, _key(call))
    if known is None:
        return empty_response(204)
    call.cloud.store.delete(_ASSIGNMENTS, _key(call))
    return json_response(200, known)


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


def _key(call: Call) -> str:
    # Below the id of what it is for, so that it goes with that.
    return f"{scope_of(call)}/roleassignments/{call['id']}".lower()


def _with_subscription(role: str) -> str:
    """The id of a definition, as the service writes it, of one without a scope."""
    return role if role.startswith("/subscriptions/") else f"/subscriptions/{SUBSCRIPTION}{role}"
