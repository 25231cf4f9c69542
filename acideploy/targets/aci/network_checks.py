"""Whether a virtual network can take a service.

https://learn.microsoft.com/azure/container-instances/container-instances-vnet
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from acideploy.azure.open import Azure
from acideploy.azure.workspace import AzureWorkspace
from acideploy.config.problem import Problem
from acideploy.errors import AzureError
from acideploy.plan import Wanted
from acideploy.targets.aci.asking import text_at, value_at
from acideploy.targets.aci.checks import place_of

_VERSION = "2023-09-01"
_DELEGATION = "Microsoft.ContainerInstance/containerGroups"
# What else is not found says nothing of the network: a provider that is not there, a version.
_GONE = frozenset({"ResourceNotFound", "ResourceGroupNotFound", "NotFound"})


def network_problems(wanted: Wanted, azure: Azure, region: str) -> Iterator[Problem]:
    """Whether network and subnet are there, in the region, and the subnet is for groups."""
    assert wanted.aci is not None
    name, subnet = wanted.aci.vnet_name, wanted.aci.subnet_name
    if name and subnet:
        place = place_of(wanted.aci, "vnetName")
        for each in _problems(name, subnet, azure, region):
            yield replace(each, place=place)


def _problems(name: str, subnet: str, azure: Azure, region: str) -> Iterator[Problem]:
    group = azure.workspace.resource_group
    network = _network(azure, name)
    if network is None:
        yield _missing(
            f"there is no virtual network {name} in resource group {group}",
            f"az network vnet list -g {group} -o table",
        )
        return
    location = (text_at(network, "location") or region).replace(" ", "").lower()
    if location != region:
        yield _missing(
            f"virtual network {name} is in {location}, and the service would be in {region}",
            f"set location to {location}",
        )
    subnets = {
        (text_at(each, "name") or "").lower(): each
        for each in value_at(network, "properties", "subnets") or ()
    }
    found = subnets.get(subnet.lower())
    if found is None:
        there = ", ".join(text_at(each, "name") or "" for each in subnets.values())
        yield _missing(
            f"virtual network {name} has no subnet {subnet}",
            f"set subnetName to one of: {there}"
            if there
            else f"az network vnet subnet create -g {group} --vnet-name {name} -n {subnet} "
            f"--address-prefixes PREFIX --delegations {_DELEGATION}",
        )
    else:
        yield from _delegation(found, subnet, name, azure.workspace)


def _network(azure: Azure, name: str) -> Any | None:
    path = (
        f"/subscriptions/{azure.workspace.subscription}"
        f"/resourceGroups/{azure.workspace.resource_group}"
        f"/providers/Microsoft.Network/virtualNetworks/{name}"
    )
    try:
        return azure.manager.send("GET", path, _VERSION).body
    except AzureError as error:
        if error.status == 404 and error.code in _GONE:
            return None
        raise


def _delegation(
    subnet: Any, name: str, network: str, workspace: AzureWorkspace
) -> Iterator[Problem]:
    delegations: Sequence[Any] = value_at(subnet, "properties", "delegations") or ()
    services = [text_at(each, "properties", "serviceName") or "" for each in delegations]
    if _DELEGATION.lower() in (each.lower() for each in services):
        return
    message = f"subnet {name} is not delegated to {_DELEGATION}"
    hint = (
        f"az network vnet subnet update -g {workspace.resource_group} --vnet-name {network} "
        f"-n {name} --delegations {_DELEGATION}"
    )
    if services or value_at(subnet, "properties", "ipConfigurations"):
        taken = f"it is delegated to {services[0]}" if services else "other resources are in it"
        message, hint = f"{message}: {taken}", "set subnetName to a subnet with nothing in it"
    yield Problem(code="subnet-not-delegated", severity="error", message=message, hint=hint)


def _missing(message: str, hint: str) -> Problem:
    return Problem(code="network-not-found", severity="error", message=message, hint=hint)
