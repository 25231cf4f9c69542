"""Azure's management libraries for Python, unmodified, in the emulated cloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.containerinstance import ContainerInstanceManagementClient
from azure.mgmt.containerinstance.models import (
    Container,
    ContainerGroup,
    ResourceRequests,
    ResourceRequirements,
)

from acideploy.emulator.cloud import CLIENT, SUBSCRIPTION, TENANT
from tests.azure_python import azure_python, run_program
from tests.emulated import ARM, Emulated, emulated

_REGISTRIES = """
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
client = ContainerRegistryManagementClient(
    Credential(), ASKED["subscription"], base_url=os.environ["AZURE"],
    credential_scopes=["https://management.azure.com/.default"])
asked = {"location": "westus", "sku": {"name": "Basic"}}
made = client.registries.begin_create("rg", "registry1", asked, polling_interval=0).result()
# Version 15 of the library has moved it.
server = getattr(made, "login_server", None) or made.properties.login_server
print(json.dumps([server, [each.name for each in client.registries.list()]]))
"""
_RUNS = """
from azure.mgmt.containerregistrytasks import ContainerRegistryTasksMgmtClient
client = ContainerRegistryTasksMgmtClient(
    Credential(), ASKED["subscription"], base_url=os.environ["AZURE"],
    credential_scopes=["https://management.azure.com/.default"])
print(json.dumps([each.name for each in client.runs.list("rg", "registry1")]))
"""


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Emulated]:
    with emulated(tmp_path / "emulator") as running:
        running.make_group()
        yield running


def test_container_groups_are_made_listed_and_deleted_by_the_sdk(
    azure: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(azure.ca))
    client = ContainerInstanceManagementClient(
        ClientSecretCredential(
            TENANT,
            CLIENT,
            azure.cloud.client_secret,
            authority=azure.url,
            disable_instance_discovery=True,
        ),
        SUBSCRIPTION,
        base_url=azure.url,
        credential_scopes=[f"{ARM}.default"],
    )
    requests = ResourceRequests(cpu=1, memory_in_gb=1)
    container = Container(
        name="web", image="nginx", resources=ResourceRequirements(requests=requests)
    )
    group = ContainerGroup(location="westus", os_type="Linux", containers=[container])
    client.container_groups.begin_create_or_update("rg", "one", group, polling=False)
    assert client.container_groups.get("rg", "one").containers[0].image == "nginx"
    assert [each.name for each in client.container_groups.list()] == ["one"]
    assert client.containers.list_logs("rg", "one", "web").content is not None
    client.container_groups.begin_delete("rg", "one", polling=False)
    assert list(client.container_groups.list_by_resource_group("rg")) == []


def test_registries_and_their_runs_are_shown_by_the_sdks(azure: Emulated) -> None:
    python = azure_python()
    asked = {"subscription": SUBSCRIPTION}
    server, names = run_program(python, _REGISTRIES, azure, **asked)
    assert server.startswith("localhost:")
    assert names == ["registry1"]
    assert run_program(python, _RUNS, azure, **asked) == []
