"""What was there before a recording began, as far as its requests and answers tell."""

from __future__ import annotations

from typing import Any

from tests.replay.recording import Exchange

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
        {"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": {}},
    ),
    "microsoft.managedidentity/userassignedidentities": (
        "2023-01-31",
        {"location": "westus"},
    ),
    "microsoft.keyvault/vaults": ("2023-07-01", {"location": "westus", "properties": {}}),
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
_READ_ONLY = ("id", "name", "type", "systemData", "etag")


def needed(exchange: Exchange, made: set[str]) -> list[tuple[str, str, dict[str, Any]]]:
    """What must be made before an exchange can go as recorded: (id, api-version, body).

    The outermost comes first. `made` are the ids, in lower case, that exist; those returned are
    added to it.
    """
    wanted = []
    for kind, resource in exchange.parents():
        key = resource.lower()
        is_subject = key == exchange.path.rstrip("/").lower()
        if key in made or (is_subject and _makes(exchange, kind)):
            continue
        if exchange.status == 404:
            continue
        template = _TEMPLATES.get(kind.lower())
        body = _as_it_was(exchange) if is_subject else None
        version = template[0] if template else "2023-08-01-preview"
        if body or template:
            wanted.append((resource, version, body or (template[1] if template else {})))
            made.add(key)
    return wanted


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
    return {key: value for key, value in answer.items() if key not in _READ_ONLY}
