"""Datastores of a workspace: where its files are, and the keys to them."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from acideploy.emulator.aml.answers import (
    WORKSPACE_PATH,
    WORKSPACES,
    asset_system_data,
    find_workspace,
    not_found,
)
from acideploy.emulator.arm.errors import invalid_content
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.storage.accounts import account_key, find_account, want_container
from acideploy.emulator.store import Document

_TYPE = f"{WORKSPACES}/datastores"
_KIND = _TYPE.lower()
_SECRETS = "datastore secrets"
# Those that every workspace has from the start, with what their containers are called.
_DEFAULTS = {"workspaceblobstore": "azureml-blobstore", "workspaceartifactstore": "azureml"}


def datastore_routes() -> tuple[Route, ...]:
    datastores = WORKSPACE_PATH + "/datastores"
    one = datastores + "/{datastore}"
    return (
        Route("GET", datastores, _list),
        Route("GET", one, _get),
        Route("PUT", one, _put),
        Route("DELETE", one, _delete),
        Route("POST", one + "/listSecrets", _list_secrets),
    )


def make_defaults(call: Call, workspace: Document) -> None:
    """The datastores of a new workspace, in its storage account."""
    account_id = workspace["properties"]["storageAccount"]
    account = find_account(call.cloud, account_id)
    parts = account_id.split("/")
    for name, container in _DEFAULTS.items():
        if container == "azureml-blobstore":
            container = f"{container}-{workspace['properties']['workspaceId']}"
        if account:
            want_container(call.cloud, account["name"], container)
        blob = account["properties"]["primaryEndpoints"]["blob"] if account else ""
        asked = {
            "isDefault": name == "workspaceblobstore",
            "credentials": {"credentialsType": "AccountKey"},
            "subscriptionId": parts[2],
            "resourceGroup": parts[4],
            "datastoreType": "AzureBlob",
            "accountName": parts[-1],
            "containerName": container,
            "endpoint": blob.split("/")[2] if account else "core.windows.net",
            "protocol": "https",
            "serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity",
        }
        _keep(call, f"{workspace['id']}/datastores/{name}", None, asked)


async def _list(call: Call) -> Response:
    prefix = f"{find_workspace(call)['id']}/datastores/".lower()
    return json_response(200, {"value": call.cloud.store.list(_KIND, prefix)})


async def _get(call: Call) -> Response:
    return json_response(200, _find(call))


async def _put(call: Call) -> Response:
    workspace, body = find_workspace(call), await call.body()
    asked = body.get("properties")
    if not isinstance(asked, dict) or not isinstance(asked.get("datastoreType"), str):
        raise invalid_content("The request content was invalid: 'datastoreType' is required.")
    id = f"{workspace['id']}/datastores/{call['datastore']}"
    known = call.cloud.store.get(_KIND, id.lower())
    credentials = asked.get("credentials") or {"credentialsType": "None"}
    secrets = credentials.pop("secrets", None)
    if secrets is not None:
        call.cloud.store.put(_SECRETS, id.lower(), secrets)
    given = {"isDefault": False, "credentials": credentials, **asked}
    datastore = _keep(call, known["id"] if known else id, known, given)
    return json_response(200 if known else 201, datastore)


async def _delete(call: Call) -> Response:
    key = f"{find_workspace(call)['id']}/datastores/{call['datastore']}".lower()
    call.cloud.store.delete(_SECRETS, key)
    return empty_response(200 if call.cloud.store.delete(_KIND, key) else 204)


async def _list_secrets(call: Call) -> Response:
    datastore = _find(call)
    secrets = call.cloud.store.get(_SECRETS, datastore["id"].lower())
    if secrets is None:
        secrets = _account_secrets(call, datastore["properties"])
    return json_response(200, secrets)


def _account_secrets(call: Call, properties: dict[str, Any]) -> dict[str, Any]:
    kind = properties["credentials"].get("credentialsType")
    key = account_key(call.cloud, properties.get("accountName", ""))
    return {"secretsType": kind, "key": key} if kind == "AccountKey" else {"secretsType": kind}


def _find(call: Call) -> Document:
    workspace = find_workspace(call)
    key = f"{workspace['id']}/datastores/{call['datastore']}".lower()
    found = call.cloud.store.get(_KIND, key)
    if found is None:
        message = f"Could not find datastore: {call['datastore']}"
        raise not_found(call, workspace, "NotFound", message)
    return found


def _keep(call: Call, id: str, known: Document | None, asked: dict[str, Any]) -> Document:
    first = ("description", "tags", "properties", "isDefault", "credentials")
    rest = {name: value for name, value in asked.items() if name not in first}
    properties = {name: asked.get(name) for name in first}
    datastore = {
        "id": id,
        "name": id.rpartition("/")[2],
        "type": _TYPE,
        "properties": {**properties, "intellectualProperty": None, **rest},
        "systemData": asset_system_data(call, known),
    }
    call.cloud.store.put(_KIND, id.lower(), datastore)
    return datastore
