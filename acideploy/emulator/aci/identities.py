"""The identities of container groups."""

from __future__ import annotations

from acideploy.emulator.cloud import TENANT, new_id
from acideploy.emulator.store import Document, Store

_USER_ASSIGNED = "microsoft.managedidentity/userassignedidentities"


def identity_of(asked: Document | None, known: Document | None, store: Store) -> Document | None:
    """The identity as it is answered; `known` is what the group has had, and keeps."""
    if not asked or "type" not in asked:
        return None
    if asked["type"] == "None":
        return {"type": "None"}
    known = known or {}
    identity: Document = {}
    if "UserAssigned" in asked["type"]:
        had = known.get("userAssignedIdentities", {})
        identity["userAssignedIdentities"] = {
            each: had.get(each) or _principal(each, store)
            for each in asked.get("userAssignedIdentities", {})
        }
    if "SystemAssigned" in asked["type"]:
        identity["principalId"] = known.get("principalId") or new_id()
    return {**identity, "tenantId": TENANT, "type": asked["type"]}


def _principal(identity: str, store: Store) -> Document:
    resource = store.get(_USER_ASSIGNED, identity.lower()) or {}
    properties = resource.get("properties", {})
    return {
        "principalId": properties.get("principalId") or new_id(),
        "clientId": properties.get("clientId") or new_id(),
    }
