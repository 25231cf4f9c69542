"""A virtual network in an emulator, with a subnet that takes container groups."""

from __future__ import annotations

from tests.emulated import Emulated

NETWORK_VERSION = "2023-09-01"
NETWORK = "resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/net"
SUBNET = f"{NETWORK}/subnets/apps"
DELEGATION = "Microsoft.ContainerInstance/containerGroups"


def make_network(azure: Emulated) -> str:
    """Makes the network `net` with its subnet `apps`; returns the id of the subnet."""
    delegated = {"name": "aci", "properties": {"serviceName": DELEGATION}}
    subnet = {"addressPrefix": "10.0.1.0/24", "delegations": [delegated]}
    body = {
        "location": "westus",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "apps", "properties": subnet}],
        },
    }
    azure.make_group()
    made = azure.arm("PUT", NETWORK, body, version=NETWORK_VERSION)
    assert made.status == 201, made.body
    return str(made.json["properties"]["subnets"][0]["id"])
