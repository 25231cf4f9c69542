"""Access policies of a vault, changed without the rest of it."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.routes import Call, Route, json_response
from acideploy.emulator.arm.stored import StoredType
from acideploy.emulator.store import Document


def policy_routes(vaults: StoredType) -> tuple[Route, ...]:
    """`PUT .../accessPolicies/add`, `replace` and `remove`."""
    path = (
        "/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/{vaults.full_name}/{{name}}/accessPolicies/{{change}}"
    )

    async def put(call: Call) -> Response:
        vault, body = vaults.find(call), await call.body()
        given = (body.get("properties") or {}).get("accessPolicies")
        if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
            raise ArmError(400, "BadRequest", "An invalid value was provided for 'accessPolicies'.")
        known = vault["properties"]["accessPolicies"]
        policies = _changed(known, given, call["change"].lower())
        vault["properties"]["accessPolicies"] = policies
        call.cloud.store.put(vaults.kind, vault["id"].lower(), vault)
        shown = {
            "id": f"{vault['id']}/accessPolicies/",
            "type": f"{vaults.full_name}/accessPolicies",
            "properties": {"accessPolicies": policies},
        }
        return json_response(200, shown)

    return (Route("PUT", path, put),)


def _changed(known: list[Document], given: list[Document], change: str) -> list[Document]:
    """The policies after a change. Raises ArmError for one that there is not."""
    if change == "replace":
        return given
    if change not in ("add", "remove"):
        raise ArmError(400, "BadRequest", f"'{change}' is not one of add, replace and remove.")
    policies = {_whom(each): each for each in known}
    for policy in given:
        if change == "remove":
            policies.pop(_whom(policy), None)
        else:
            policies[_whom(policy)] = _with(policies.get(_whom(policy)), policy)
    return list(policies.values())


def _whom(policy: Document) -> tuple[str, str]:
    return (
        str(policy.get("objectId", "")).lower(),
        str(policy.get("applicationId") or "").lower(),
    )


def _with(known: Document | None, policy: Document) -> Document:
    """A policy that permits what both do, in the order in which it was permitted."""
    before = (known or {}).get("permissions") or {}
    now = policy.get("permissions") or {}
    kinds = dict.fromkeys((*before, *now))
    permissions = {
        kind: list(dict.fromkeys((*(before.get(kind) or ()), *(now.get(kind) or ()))))
        for kind in kinds
    }
    return {**(known or {}), **policy, "permissions": permissions}
