"""Storage accounts as resources: what they look like, their keys, their first containers."""

from __future__ import annotations

import base64
import re
import secrets
from typing import Any

from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.stored import Asked
from acideploy.emulator.cloud import Cloud, long_time
from acideploy.emulator.store import Document

NAMESPACE = "Microsoft.Storage"
ACCOUNTS = "storageAccounts"
KIND = f"{NAMESPACE}/{ACCOUNTS}".lower()
_KEYS = "storage keys"
_CONTAINERS = "blob containers"
_NAME = re.compile(r"[a-z0-9]{3,24}")


def find_account(cloud: Cloud, id: str) -> Document | None:
    """An account by its id in any case."""
    return cloud.store.get(KIND, id.lower())


def account_named(cloud: Cloud, name: str) -> Document | None:
    return next((each for each in cloud.store.list(KIND) if each["name"] == name), None)


def account_key(cloud: Cloud, name: str) -> str | None:
    """The first key of an account by its name; None for one that is not here."""
    found = cloud.store.get(_KEYS, name)
    return found["keys"][0]["value"] if found else None


def account_keys(cloud: Cloud) -> dict[str, tuple[str, ...]]:
    """All accounts with their keys."""
    return {
        each["account"]: tuple(key["value"] for key in each["keys"])
        for each in cloud.store.list(_KEYS)
    }


def keys_of(cloud: Cloud, name: str) -> list[Document]:
    """The two keys of an account as Azure lists them; made when first asked for."""
    found = cloud.store.get(_KEYS, name)
    if found is None:
        found = {"account": name, "keys": [_key(cloud, "key1"), _key(cloud, "key2")]}
        cloud.store.put(_KEYS, name, found)
    return list(found["keys"])


def renew_key(cloud: Cloud, account: str, name: str) -> list[Document]:
    keys = keys_of(cloud, account)
    if name not in [key["keyName"] for key in keys]:
        raise ArmError(400, "InvalidValues", f"There is no key named '{name}'.")
    keys = [_key(cloud, name) if key["keyName"] == name else key for key in keys]
    cloud.store.put(_KEYS, account, {"account": account, "keys": keys})
    return keys


def forget_account(cloud: Cloud, name: str) -> None:
    cloud.store.delete(_KEYS, name)
    for container in containers(cloud):
        if container["account"] == name:
            cloud.store.delete(_CONTAINERS, f"{name}/{container['container']}")


def want_container(cloud: Cloud, account: str, container: str) -> None:
    """Has a container of blobs be there whenever the account's data is first asked for."""
    document = {"account": account, "container": container}
    cloud.store.put(_CONTAINERS, f"{account}/{container}", document)


def containers(cloud: Cloud) -> list[Document]:
    return cloud.store.list(_CONTAINERS)


def refusal(cloud: Cloud, name: str, *, known: bool = False) -> tuple[str, str] | None:
    """Why a new account cannot have a name: a code and a message; None when it can."""
    if not _NAME.fullmatch(name):
        return (
            "AccountNameInvalid",
            f"{name} is not a valid storage account name. Storage account name must be between 3 "
            "and 24 characters in length and use numbers and lower-case letters only.",
        )
    if not known and account_named(cloud, name):
        return "AlreadyExists", f"The storage account named {name} is already taken."
    return None


def account(asked: Asked, *, address: str) -> Document:
    """The document of an account; `address` is where blobs answer, `localhost:PORT`."""
    cloud, given = asked.call.cloud, asked.properties
    if wrong := refusal(cloud, asked.name, known=asked.known is not None):
        code, message = wrong
        if code == "AlreadyExists":
            raise ArmError(409, "StorageAccountAlreadyTaken", message)
        raise ArmError(400, code, message)
    now = long_time(cloud.clock.now())
    keys = keys_of(cloud, asked.name)
    sku = (asked.body.get("sku") or {}).get("name", "Standard_LRS")
    properties: dict[str, Any] = {
        "keyCreationTime": {key["keyName"]: key["creationTime"] for key in keys},
        "allowCrossTenantReplication": given.get("allowCrossTenantReplication", False),
        "privateEndpointConnections": [],
        "minimumTlsVersion": given.get("minimumTlsVersion", "TLS1_2"),
        "allowBlobPublicAccess": given.get("allowBlobPublicAccess", False),
        "networkAcls": given.get("networkAcls")
        or {
            "bypass": "AzureServices",
            "virtualNetworkRules": [],
            "ipRules": [],
            "defaultAction": "Allow",
        },
        "supportsHttpsTrafficOnly": given.get("supportsHttpsTrafficOnly", True),
        "encryption": {
            "services": {"blob": {"keyType": "Account", "enabled": True, "lastEnabledTime": now}},
            "keySource": "Microsoft.Storage",
        },
        "accessTier": given.get("accessTier", "Hot"),
        "provisioningState": "Succeeded",
        "creationTime": asked.kept("creationTime", now),
        "primaryEndpoints": {"blob": f"https://{address}/{asked.name}/"},
        "primaryLocation": asked.location,
        "statusOfPrimary": "available",
    }
    identity = asked.body.get("identity")
    return {
        **({"identity": identity} if identity else {}),
        "sku": {"name": sku, "tier": sku.partition("_")[0]},
        "kind": asked.body.get("kind") or "StorageV2",
        "id": asked.id,
        "name": asked.name,
        "type": f"{NAMESPACE}/{ACCOUNTS}",
        "location": asked.location,
        "tags": asked.tags,
        "properties": properties,
    }


def _key(cloud: Cloud, name: str) -> Document:
    return {
        "creationTime": long_time(cloud.clock.now()),
        "keyName": name,
        "value": base64.b64encode(secrets.token_bytes(64)).decode(),
        "permissions": "FULL",
    }
