"""The Azure ML workspace of a seeded emulator: its models, their blobs, and who looks at them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from acideploy import credentials
from acideploy.azure.cloud import choose_cloud
from acideploy.azure.open import Azure
from acideploy.azure.rest import Rest
from acideploy.azure.workspace import AzureWorkspace
from acideploy.clock import Clock, SystemClock
from acideploy.emulator.cloud import CLIENT, SUBSCRIPTION, TENANT
from acideploy.models.registry_store import RegistryModelStore
from acideploy.registry.acr import AcrRegistry
from acideploy.registry.authentication import Password
from tests.emulated import Emulated

PROVIDERS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/emulator/providers"
WORKSPACE = f"{PROVIDERS}/Microsoft.MachineLearningServices/workspaces/emulator"
REGISTRY = f"{PROVIDERS}/Microsoft.ContainerRegistry/registries/emulator"
STORAGE = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/emulatorstorage"
VERSION = "2023-04-01"


def sign_in(azure: Emulated, monkeypatch: pytest.MonkeyPatch, *, secret: str | None = None) -> None:
    """Makes this process the emulator's service principal; with a wrong `secret` it is nobody."""
    login = {
        "AZURE_AUTHORITY_HOST": azure.url,
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_CLIENT_SECRET": secret or azure.cloud.client_secret,
        "REQUESTS_CA_BUNDLE": str(azure.ca),
        "NO_PROXY": "localhost,127.0.0.1",
    }
    for name, value in login.items():
        monkeypatch.setenv(name, value)
    # Ports come again, and logins are kept by them.
    credentials._opened.cache_clear()


def opened(azure: Emulated, *, clock: Clock | None = None, **workspace: Any) -> Azure:
    """The seeded workspace; `workspace` is what is otherwise with it."""
    described = azure.ask("GET", "/metadata/endpoints?api-version=2022-09-01").json
    url = "https://cloud.example/metadata/endpoints"
    cloud = choose_cloud({"ACIDEPLOY_CLOUD": url}, azure.ca.parent, read=lambda _: described)
    parts: dict[str, Any] = {
        "subscription": SUBSCRIPTION,
        "resource_group": "emulator",
        "location": "westeurope",
        "registry": login_server(azure),
        "name": "emulator",
        "registry_id": REGISTRY,
        "storage_id": STORAGE,
    }
    manager = Rest(cloud.resource_manager, token=azure.token, clock=clock or SystemClock())
    return Azure(cloud=cloud, manager=manager, workspace=AzureWorkspace(**{**parts, **workspace}))


def login_server(azure: Emulated, id: str = REGISTRY) -> str:
    found = azure.arm("GET", id, version="2023-07-01").json
    return str(found["properties"]["loginServer"])


def administrator(azure: Emulated, id: str = REGISTRY) -> Password:
    said = azure.arm("POST", f"{id}/listCredentials", version="2023-07-01").json
    return Password(username=said["username"], password=said["passwords"][0]["value"])


def registry_of(azure: Emulated, id: str = REGISTRY) -> AcrRegistry:
    login = administrator(azure, id)
    return AcrRegistry(login_server(azure, id), login=lambda: login, clock=SystemClock())


def store_of(azure: Emulated) -> RegistryModelStore:
    return RegistryModelStore(registry_of(azure), clock=SystemClock())


def container_of(azure: Emulated, datastore: str = "workspaceblobstore") -> str:
    """The URL of the container that a datastore means."""
    said = azure.arm("GET", f"{WORKSPACE}/datastores/{datastore}", version=VERSION).json
    account = azure.arm("GET", STORAGE, version="2023-01-01").json["properties"]
    container = said["properties"]["containerName"]
    return f"{account['primaryEndpoints']['blob']}{container}"


def upload(
    azure: Emulated,
    path: str,
    content: bytes,
    *,
    headers: Mapping[str, str] | None = None,
    **of: str,
) -> None:
    token = azure.token("https://storage.azure.com")
    sent = {
        "Authorization": f"Bearer {token}",
        "x-ms-version": "2021-12-02",
        "x-ms-blob-type": "BlockBlob",
        "Content-Type": "application/octet-stream",
        **(headers or {}),
    }
    answer = azure.ask("PUT", f"{container_of(azure, **of)}/{path}", content, headers=sent)
    assert answer.status == 201, answer.body


def register(azure: Emulated, name: str, version: str, uri: str, **said: Any) -> None:
    """Registers a model as Azure ML's own clients do."""
    body = {"properties": {"modelUri": uri, "modelType": "custom_model", **said}}
    path = f"{WORKSPACE}/models/{name}/versions/{version}"
    answer = azure.arm("PUT", path, body, version=VERSION)
    assert answer.status == 201, answer.body


def asked(azure: Emulated, *, site: str | None = None) -> list[dict[str, Any]]:
    """The requests that the emulator has got since they were last forgotten."""
    every = azure.ask("GET", "/_emulator/requests").json
    listed = every["value"] if isinstance(every, dict) else every
    return [each for each in listed if site in (None, each["site"])]


def forget(azure: Emulated) -> None:
    azure.ask("DELETE", "/_emulator/requests")
