"""What was there before a recording began, as far as its requests and answers tell."""

from __future__ import annotations

from typing import Any

from acideploy.emulator.cloud import TENANT
from tests.replay.names import NULL_ID
from tests.replay.recording import Exchange

_ML_VERSION = "2023-08-01-preview"
_PARTS = f"/subscriptions/{NULL_ID}/resourceGroups/parts/providers"
# What is read from, or put below, something that the recording itself does not make.
_TEMPLATES: dict[str, tuple[str, dict[str, Any]]] = {
    "microsoft.containerregistry/registries": (
        "2023-07-01",
        {
            "location": "westus",
            "sku": {"name": "Premium"},
            "properties": {"adminUserEnabled": True},
        },
    ),
    "microsoft.machinelearningservices/workspaces": (
        "2023-08-01-preview",
        {
            "location": "eastus",
            "identity": {"type": "SystemAssigned"},
            "properties": {
                "storageAccount": f"{_PARTS}/Microsoft.Storage/storageAccounts/replayed",
                "keyVault": f"{_PARTS}/Microsoft.KeyVault/vaults/replayed",
                "applicationInsights": f"{_PARTS}/Microsoft.Insights/components/replayed",
            },
        },
    ),
    "microsoft.managedidentity/userassignedidentities": (
        "2023-01-31",
        {"location": "westus"},
    ),
    "microsoft.storage/storageaccounts": (
        "2023-01-01",
        {"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"},
    ),
    "microsoft.keyvault/vaults": (
        "2023-07-01",
        {
            "location": "eastus",
            "properties": {
                "tenantId": TENANT,
                "sku": {"family": "A", "name": "standard"},
                "enableRbacAuthorization": True,
            },
        },
    ),
    "microsoft.insights/components": (
        "2020-02-02",
        {"location": "eastus", "kind": "web", "properties": {"Application_Type": "web"}},
    ),
    "microsoft.containerinstance/containergroups": (
        "2023-05-01",
        {
            "location": "westus",
            "properties": {
                "osType": "Linux",
                "containers": [
                    {
                        "name": "c",
                        "properties": {
                            "image": "nginx",
                            "resources": {"requests": {"cpu": 1, "memoryInGB": 1}},
                        },
                    }
                ],
            },
        },
    ),
}
_REFERRED = (
    "microsoft.storage/storageaccounts",
    "microsoft.keyvault/vaults",
    "microsoft.insights/components",
)
_READ_ONLY = ("id", "name", "type", "systemData", "etag")


def needed(exchange: Exchange, made: set[str]) -> list[tuple[str, str, dict[str, Any]]]:
    """What must be made before an exchange can go as recorded: (id, api-version, body).

    The outermost comes first. `made` are the ids, in lower case, that exist; those returned are
    added to it.
    """
    wanted = []
    for kind, resource in (*_parts(exchange), *exchange.parents(), *_named_in(exchange)):
        key = resource.lower()
        is_subject = key == exchange.path.rstrip("/").lower()
        if key in made or (is_subject and _makes(exchange, kind)) or exchange.status == 404:
            continue
        version, template = _TEMPLATES.get(kind.lower(), (_ML_VERSION, None))
        body = (_as_it_was(exchange) if is_subject else None) or template
        if body is not None:
            wanted.append((resource, version, body))
            made.add(key)
    wanted += [
        (each["id"], _ML_VERSION, _writable(each))
        for each in _listed(exchange)
        if each["id"].lower() not in made
    ]
    return wanted


def _parts(exchange: Exchange) -> list[tuple[str, str]]:
    """What a workspace refers to."""
    if "/microsoft.machinelearningservices/" not in exchange.path.lower():
        return []
    kinds = (each for each in _TEMPLATES if each in _REFERRED)
    return [(kind, f"{_PARTS}/{kind}/replayed") for kind in kinds]


def _named_in(exchange: Exchange) -> list[tuple[str, str]]:
    """The registry that an import comes from."""
    request = exchange.request if isinstance(exchange.request, dict) else {}
    source = request.get("source")
    resource = source.get("resourceId") if isinstance(source, dict) else None
    return [("Microsoft.ContainerRegistry/registries", resource)] if resource else []


def _listed(exchange: Exchange) -> list[dict[str, Any]]:
    """Models and their versions that somebody had registered."""
    answer = exchange.response if isinstance(exchange.response, dict) else {}
    if exchange.method != "GET" or "/models" not in exchange.path:
        return []
    listed = answer.get("value")
    return [each for each in listed if "id" in each] if isinstance(listed, list) else []


def _makes(exchange: Exchange, kind: str) -> bool:
    """True when an exchange brings its subject about, or takes one away that made itself known."""
    # Of models a 200 says that there was one before; others say it of new ones too.
    is_known = exchange.status == 200 and "/models" in kind.lower()
    return exchange.method in ("PUT", "DELETE") and not is_known


def _as_it_was(exchange: Exchange) -> dict[str, Any] | None:
    """What somebody had put there, as far as this exchange tells."""
    if exchange.method == "PUT" and isinstance(exchange.request, dict):
        return exchange.request
    answer = exchange.response
    if exchange.method != "GET" or exchange.status != 200 or not isinstance(answer, dict):
        return None
    if "id" not in answer:
        return None
    return _writable(answer)


def _writable(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key not in _READ_ONLY}
