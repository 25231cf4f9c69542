"""What Azure is asked before a deploy, and what becomes of its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from acideploy.azure.cloud import Cloud
from acideploy.azure.open import Azure
from acideploy.azure.rest import Reply, Rest
from acideploy.azure.workspace import AzureWorkspace
from acideploy.code import Code
from acideploy.config.problem import Problem
from acideploy.config.values import AciDeployment
from acideploy.emulator.cloud import SUBSCRIPTION
from acideploy.emulator.seed import LOCATION, NAME
from acideploy.environment.request import request_environment
from acideploy.errors import AzureError
from acideploy.plan import Wanted
from acideploy.targets.aci.service_checks import online_problems
from tests.emulated import Emulated, emulated
from tests.functional.conftest import Trust
from tests.registries import InstantClock

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{NAME}"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/{NAME}"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/{NAME}"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
ACR_PULL, READER = "7f951dda-4ed3-4680-a7ca-43fe172d538d", "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
DELEGATED = {"properties": {"serviceName": "Microsoft.ContainerInstance/containerGroups"}}


class Asked(Rest):
    """The emulator's Resource Manager, but for what `instead` answers, by parts of the path.

    `paths` are those that were asked for, with their methods.
    """

    def __init__(self, running: Emulated) -> None:
        super().__init__(running.url, token=running.token, clock=InstantClock())
        self.instead: dict[str, Any] = {}
        self.paths: list[tuple[str, str]] = []

    def send(
        self, method: str, path: str, version: str | None = None, *, body: object = None
    ) -> Reply:
        self.paths.append((method, path))
        for part, answer in self.instead.items():
            if part in path:
                if isinstance(answer, AzureError):
                    raise answer
                return Reply(status=200, headers={}, body=answer)
        return super().send(method, path, version, body=body)


@dataclass(frozen=True, kw_only=True)
class Bench:
    running: Emulated
    manager: Asked
    azure: Azure
    wanted: Wanted

    def problems(
        self,
        *,
        present: Mapping[str, Any] | None = None,
        overwrite: bool = False,
        workspace: Mapping[str, Any] | None = None,
        **aci: Any,
    ) -> tuple[Problem, ...]:
        assert self.wanted.aci is not None
        wanted = replace(self.wanted, aci=replace(self.wanted.aci, **aci))
        azure = replace(self.azure, workspace=replace(self.azure.workspace, **(workspace or {})))
        return online_problems(wanted, azure, present=present, overwrite=overwrite)

    def told(self, **given: Any) -> list[tuple[str, str]]:
        return [(each.code, each.severity) for each in self.problems(**given)]

    def assign(self, principal: str, role: str, scope: str) -> None:
        roles = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
        properties = {"roleDefinitionId": f"{roles}/{role}", "principalId": principal}
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}"
        answer = self.running.arm("PUT", path, {"properties": properties}, version="2022-04-01")
        assert answer.status == 201, answer.body

    def put_group(self, name: str, label: str, *, location: str = LOCATION) -> Mapping[str, Any]:
        ports = [{"port": 80, "protocol": "TCP"}]
        body = {
            "location": location,
            "properties": {
                "osType": "Linux",
                "containers": [
                    {
                        "name": "one",
                        "properties": {
                            "image": "mcr.microsoft.com/azuredocs/aci-helloworld",
                            "ports": ports,
                            "resources": {"requests": {"cpu": 1, "memoryInGB": 1}},
                        },
                    }
                ],
                "ipAddress": {"type": "Public", "ports": ports, "dnsNameLabel": label},
            },
        }
        path = f"{GROUP}/providers/Microsoft.ContainerInstance/containerGroups/{name}"
        answer = self.running.arm("PUT", path, body)
        assert answer.status in (200, 201), answer.body
        made: Mapping[str, Any] = answer.json
        return made


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    with emulated(tmp_path_factory.mktemp("emulator"), seeded=True) as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, running: Emulated, trust: Trust) -> Iterator[Bench]:
    """A service that nothing speaks against, and the emulator's own workspace."""
    trust(running)
    manager = Asked(running)
    wanted = Wanted(
        name="iris-svc",
        models=(),
        code=Code(
            path=tmp_path / "score.py",
            entry_script="score.py",
            source_directory=None,
            origin=tmp_path,
        ),
        environment=request_environment(None, directory=tmp_path, python="3.11")[0],
        aci=AciDeployment(cpu=1, memory_in_gb=2),
    )
    azure = Azure(cloud=_cloud(running), manager=manager, workspace=_workspace(running))
    yield Bench(running=running, manager=manager, azure=azure, wanted=wanted)
    groups = running.arm("GET", "providers/Microsoft.ContainerInstance/containerGroups")
    for group in groups.json["value"]:
        assert running.arm("DELETE", group["id"]).status in (200, 202, 204)


def _workspace(running: Emulated) -> AzureWorkspace:
    vault = running.arm("GET", VAULT, version="2022-07-01").json
    registry = running.arm("GET", REGISTRY, version="2023-07-01").json
    return AzureWorkspace(
        subscription=SUBSCRIPTION,
        resource_group=NAME,
        location=LOCATION,
        registry=registry["properties"]["loginServer"],
        name=NAME,
        registry_id=REGISTRY,
        vault=vault["properties"]["vaultUri"],
    )


def _cloud(running: Emulated) -> Cloud:
    return Cloud(
        name="emulator",
        resource_manager=running.url,
        authority=running.url,
        audience="https://management.azure.com",
        registry_suffix="azurecr.io",
        vault_suffix="vault.azure.net",
    )


def test_nothing_is_told_where_nothing_speaks_against_it(bench: Bench) -> None:
    assert bench.problems() == ()


def test_asking_changes_nothing(bench: Bench) -> None:
    bench.problems(vnet_name="net", subnet_name="default")
    assert {method for method, _ in bench.manager.paths} == {"GET"}


def test_nothing_is_asked_for_another_target(bench: Bench) -> None:
    wanted = replace(bench.wanted, aci=None)
    assert online_problems(wanted, bench.azure, present={}, overwrite=False) == ()
    assert bench.manager.paths == []


@pytest.mark.parametrize("location", ["West Europe", "eastus", "japaneast"])
def test_a_region_may_be_written_with_its_title(bench: Bench, location: str) -> None:
    assert bench.problems(location=location) == ()


def test_a_region_that_is_not_there_is_told_with_the_nearest(bench: Bench) -> None:
    (problem,) = bench.problems(location="westeurop")
    assert (problem.code, problem.severity) == ("unknown-region", "error")
    assert problem.hint == "set location to westeurope"


def test_a_subscription_that_is_not_registered_is_told(bench: Bench) -> None:
    provider = {"registrationState": "NotRegistered", "resourceTypes": []}
    bench.manager.instead = {"/usages": {}, "/capabilities": {}, "/containerGroups": {}}
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerInstance"
    bench.manager.instead[path] = provider
    (problem,) = bench.problems()
    assert problem.hint == "az provider register --wait -n Microsoft.ContainerInstance"


@pytest.mark.parametrize("size", [{"cpu": 33}, {"memory_in_gb": 257}])
def test_more_than_the_region_gives_is_told(bench: Bench, size: dict[str, float]) -> None:
    assert ("resource-limit", "error") in bench.told(**size)


def test_a_quota_that_is_used_up_is_told(bench: Bench) -> None:
    usages = [
        {"name": {"value": "ContainerGroups"}, "limit": 5, "currentValue": 5},
        {"name": {"value": "StandardCores"}, "limit": 10, "currentValue": 8},
        {"name": {"value": "StandardSpotCores"}, "limit": 0, "currentValue": 0},
    ]
    bench.manager.instead = {"/usages": {"value": usages}}
    messages = [each.message for each in bench.problems(cpu=2.5)]
    assert messages == [
        "quota ContainerGroups in westeurope: 5 of 5 are taken, and 1 more needed",
        "quota StandardCores in westeurope: 8 of 10 are taken, and 3 more needed",
    ]


def test_what_is_replaced_gives_back_its_quota(bench: Bench) -> None:
    usages = [
        {"name": {"value": "ContainerGroups"}, "limit": 5, "currentValue": 5},
        {"name": {"value": "StandardCores"}, "limit": 10, "currentValue": 8},
    ]
    bench.manager.instead = {"/usages": {"value": usages}}
    present = bench.put_group(bench.azure.workspace.group_name("iris-svc"), "its-own-label")
    present = {**present, "properties": {**present["properties"], "provisioningState": "Succeeded"}}
    assert bench.told(cpu=3, present=present, overwrite=True) == []
    assert bench.told(cpu=4, present=present, overwrite=True) == [("quota-reached", "error")]
    elsewhere = bench.told(cpu=3, present=present, overwrite=True, location="eastus")
    assert elsewhere == [("quota-reached", "error")] * 2


def test_a_label_that_another_group_has_is_told(bench: Bench) -> None:
    bench.put_group("other", "my-label")
    (problem,) = bench.problems(dns_name_label="my-label")
    assert (problem.code, problem.severity) == ("dns-label-taken", "error")
    assert problem.message == (
        "container group other in westeurope has the DNS label 'my-label' already"
    )
    assert bench.problems(dns_name_label="my-label", location="eastus") == ()
    assert bench.problems(dns_name_label="another-label") == ()


def test_the_service_keeps_its_own_label(bench: Bench) -> None:
    name = bench.azure.workspace.group_name("iris-svc")
    bench.put_group(name, name)
    assert bench.problems() == ()


def test_a_service_that_is_there_may_be_replaced_only_if_that_is_said(bench: Bench) -> None:
    present = {"properties": {"provisioningState": "Succeeded"}}
    (problem,) = bench.problems(present=present)
    assert (problem.code, problem.severity) == ("service-exists", "error")
    assert problem.hint == "add `--overwrite` to replace it"
    assert bench.problems(present=present, overwrite=True) == ()


@pytest.mark.parametrize("state", ["Pending", "Creating", "Updating", "Repairing"])
def test_an_operation_under_way_is_told(bench: Bench, state: str) -> None:
    present = {"properties": {"provisioningState": state}}
    assert bench.told(present=present, overwrite=True) == [("busy", "error")]


def _network(*subnets: object, location: str = LOCATION) -> dict[str, Any]:
    return {"location": location, "properties": {"subnets": list(subnets)}}


def _subnet(name: str, *delegations: object, **properties: object) -> dict[str, Any]:
    return {"name": name, "properties": {"delegations": list(delegations), **properties}}


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (_network(_subnet("apps", DELEGATED)), []),
        (_network(_subnet("Apps", DELEGATED)), []),
        (_network(_subnet("apps")), [("subnet-not-delegated", "error")]),
        (_network(_subnet("others", DELEGATED)), [("network-not-found", "error")]),
        (_network(), [("network-not-found", "error")]),
        (
            _network(_subnet("apps", DELEGATED), location="eastus"),
            [("network-not-found", "error")],
        ),
        (
            AzureError("not found", status=404, code="ResourceNotFound"),
            [("network-not-found", "error")],
        ),
    ],
)
def test_the_network_has_to_take_container_groups(
    bench: Bench, network: object, expected: list[tuple[str, str]]
) -> None:
    bench.manager.instead = {NETWORK: network}
    assert bench.told(vnet_name="net", subnet_name="apps") == expected


def test_a_subnet_that_others_use_cannot_be_delegated(bench: Bench) -> None:
    subnet = _subnet("apps", ipConfigurations=[{"id": "x"}])
    bench.manager.instead = {NETWORK: _network(subnet)}
    (problem,) = bench.problems(vnet_name="net", subnet_name="apps")
    assert "other resources are in it" in problem.message
    assert problem.hint == "set subnetName to a subnet with nothing in it"


def test_a_cloud_that_says_nothing_of_networks_is_a_note(bench: Bench) -> None:
    unknown = "The resource namespace 'Microsoft.Network' is invalid."
    bench.manager.instead = {
        NETWORK: AzureError(unknown, status=404, code="InvalidResourceNamespace")
    }
    (problem,) = bench.problems(vnet_name="net", subnet_name="apps")
    assert (problem.code, problem.severity) == ("not-checked", "note")
    assert problem.message.startswith("virtual network: not checked, since ")


def test_a_registry_that_is_gone_is_told(bench: Bench) -> None:
    gone = {"registry_id": f"{REGISTRY}gone"}
    assert bench.told(workspace=gone) == [("registry-not-found", "error")]


def test_a_registry_that_resource_manager_does_not_know_is_not_asked_for(bench: Bench) -> None:
    assert bench.told(workspace={"registry_id": None}) == []


def test_an_identity_that_is_gone_is_told(bench: Bench) -> None:
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/puller"
    assert bench.told(workspace={"pull_identity": identity}) == [("no-way-to-pull", "error")]


@pytest.mark.parametrize("scope", [REGISTRY, GROUP])
@pytest.mark.parametrize("role", [ACR_PULL, READER])
def test_an_identity_without_the_role_to_pull_is_told_with_what_gives_it(
    bench: Bench, scope: str, role: str
) -> None:
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{uuid4()}"
    made = bench.running.arm("PUT", identity, {"location": LOCATION}, version="2023-01-31").json
    principal = made["properties"]["principalId"]
    (problem,) = bench.problems(workspace={"pull_identity": identity})
    assert (problem.code, problem.severity) == ("no-way-to-pull", "error")
    assert problem.hint == (
        f"az role assignment create --assignee-object-id {principal} "
        f"--assignee-principal-type ServicePrincipal --role AcrPull --scope {REGISTRY}"
    )
    bench.assign(principal, SECRETS_OFFICER, scope)
    assert bench.told(workspace={"pull_identity": identity}) == [("no-way-to-pull", "error")]
    bench.assign(principal, role, scope)
    assert bench.told(workspace={"pull_identity": identity}) == []


@pytest.mark.parametrize(("size", "told"), [(14_000_000_000, []), (16_000_000_000, ["error"])])
def test_an_image_that_azure_does_not_take_is_told(
    bench: Bench, size: int, told: list[str]
) -> None:
    found = online_problems(
        bench.wanted, bench.azure, present=None, overwrite=False, image_size=lambda: size
    )
    assert [each.severity for each in found if each.code == "image-too-large"] == told


@pytest.mark.parametrize(
    ("actions", "but", "admin", "told"),
    [
        (["*"], [], False, False),
        (["*/read"], [], True, True),
        (
            ["*/read", "Microsoft.ContainerRegistry/registries/listCredentials/action"],
            [],
            True,
            False,
        ),
        (
            ["*/read", "Microsoft.ContainerRegistry/registries/listCredentials/action"],
            [],
            False,
            True,
        ),
        (["Microsoft.ContainerRegistry/*"], ["microsoft.containerregistry/*/write"], False, True),
    ],
)
def test_a_way_to_pull_has_to_be_open(
    bench: Bench, actions: list[str], but: list[str], admin: bool, told: bool
) -> None:
    properties = {"adminUserEnabled": admin}
    bench.manager.instead = {
        f"{REGISTRY}/providers": {"value": [{"actions": actions, "notActions": but}]},
        REGISTRY: {"properties": properties},
    }
    assert bench.told() == ([("no-way-to-pull", "warning")] if told else [])


def test_a_registry_without_a_public_address_needs_an_identity(bench: Bench) -> None:
    bench.manager.instead = {REGISTRY: {"properties": {"publicNetworkAccess": "Disabled"}}}
    assert bench.told() == [("no-way-to-pull", "error")]


def test_a_vault_that_may_not_be_written_to_is_told_with_the_role(bench: Bench) -> None:
    reader = {"actions": ["*"], "dataActions": ["Microsoft.KeyVault/vaults/secrets/getSecret/*"]}
    bench.manager.instead = {f"{VAULT}/providers": {"value": [reader]}}
    (problem,) = bench.problems()
    assert (problem.code, problem.severity) == ("vault-not-allowed", "warning")
    assert problem.hint is not None
    assert f'--role "Key Vault Secrets Officer" --scope {VAULT}' in problem.hint


def test_a_vault_with_policies_is_not_judged(bench: Bench) -> None:
    vault = {
        "id": VAULT,
        "name": NAME,
        "properties": {
            "vaultUri": bench.azure.workspace.vault,
            "enableRbacAuthorization": False,
        },
    }
    bench.manager.instead = {f"{VAULT}/providers": {}, "/vaults": {"value": [vault]}}
    assert bench.told() == []


def test_a_vault_that_is_not_to_be_seen_is_a_note(bench: Bench) -> None:
    gone = {"vault": "https://gone.vault.azure.net"}
    assert bench.told(workspace=gone) == [("vault-not-allowed", "note")]


@pytest.mark.parametrize(
    "part", ["Microsoft.ContainerInstance", "/usages", "Registry", "permissions", "/vaults"]
)
@pytest.mark.parametrize("status", [400, 403, 429, 500, 503, None])
def test_what_cannot_be_asked_is_a_note(bench: Bench, part: str, status: int | None) -> None:
    bench.manager.instead = {part: AzureError("it would not say", status=status)}
    told = {(each.code, each.severity) for each in bench.problems()}
    # A region that the service does not know is told by another check.
    expected = set() if (part, status) == ("/usages", 400) else {("not-checked", "note")}
    assert told == expected


def test_a_permission_that_is_missing_is_told_with_role_and_scope(bench: Bench) -> None:
    bench.manager.instead = {REGISTRY: AzureError("you may not", status=403)}
    (problem,) = bench.problems()
    assert problem.message == "container registry: not checked, since you may not"
    assert problem.hint == (
        f"az role assignment create --assignee YOU --role Reader --scope {REGISTRY}"
    )


def test_a_network_that_is_down_is_one_note(bench: Bench) -> None:
    bench.manager.instead = {"": AzureError("it does not answer", hint="check the network")}
    (problem,) = bench.problems()
    assert problem.message == (
        "region, quota, DNS label, container registry, Key Vault: not checked, since it does not "
        "answer"
    )


@pytest.mark.parametrize("answer", [None, {}, [], {"value": [None, 1, {}]}])
def test_an_answer_that_says_nothing_is_no_crash(bench: Bench, answer: object) -> None:
    bench.manager.instead = {"/": answer}
    for each in bench.problems(vnet_name="net", subnet_name="apps"):
        assert each.code in {
            *("registry-not-found", "vault-not-allowed", "no-way-to-pull", "network-not-found"),
            "not-checked",
        }
