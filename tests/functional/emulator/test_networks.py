"""Virtual networks, their subnets and security groups, as far as container groups need them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.container_groups import GROUPS, asked, put
from tests.emulated import Emulated
from tests.emulated_networks import DELEGATION, NETWORK, NETWORK_VERSION, SUBNET, make_network

WALLS = "resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups"


def network(azure: Emulated, method: str, path: str, body: Any = None) -> Any:
    return azure.arm(method, path, body, version=NETWORK_VERSION)


def test_a_network_takes_a_moment_to_be_there(still: Emulated) -> None:
    make_network(still)
    assert network(still, "GET", NETWORK).json["properties"]["provisioningState"] == "Updating"
    still.advance(10)
    shown = network(still, "GET", NETWORK)
    assert shown.headers["etag"] == shown.json["etag"]
    assert shown.json["properties"]["provisioningState"] == "Succeeded"
    (subnet,) = shown.json["properties"]["subnets"]
    assert subnet["properties"]["provisioningState"] == "Succeeded"
    assert network(still, "GET", SUBNET).json == subnet
    assert network(still, "GET", f"{NETWORK}/subnets").json == {"value": [subnet]}


def test_a_change_is_polled_to_its_end(still: Emulated) -> None:
    make_network(still)
    delegation = {"name": "x", "properties": {"serviceName": DELEGATION}}
    body = {"properties": {"addressPrefix": "10.0.1.0/25", "delegations": [delegation]}}
    changed = network(still, "PUT", SUBNET, body)
    assert changed.status == 200
    assert changed.json["properties"]["delegations"][0]["name"] == "x"
    polled = changed.headers["azure-asyncoperation"]
    bearer = {"Authorization": f"Bearer {still.token()}"}
    assert still.ask("GET", polled, headers=bearer).json == {"status": "InProgress"}
    still.advance(10)
    assert still.ask("GET", polled, headers=bearer).json == {"status": "Succeeded"}


def test_a_subnet_with_container_groups_cannot_go(azure: Emulated) -> None:
    subnet = make_network(azure)
    address = {"type": "Private", "ports": [{"port": 80}]}
    assert put(azure, asked(ipAddress=address, subnetIds=[{"id": subnet}])).status == 201
    for taken in (SUBNET, NETWORK):
        refused = network(azure, "DELETE", taken)
        assert (refused.status, refused.code) == (400, "InUseSubnetCannotBeDeleted")
    assert azure.arm("DELETE", f"{GROUPS}/one").status == 200
    gone = network(azure, "DELETE", SUBNET)
    assert gone.status == 202
    assert {"azure-asyncoperation", "location"} <= set(gone.headers)
    assert network(azure, "GET", SUBNET).status == 404
    assert network(azure, "DELETE", SUBNET).status == 204
    assert network(azure, "DELETE", NETWORK).status == 202
    assert network(azure, "GET", NETWORK).code == "ResourceNotFound"


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("192.168.0.0/24", "NetcfgInvalidSubnet"),
        ("10.0.1.128/25", "NetcfgSubnetRangesOverlap"),
        ("10.0.0.300/24", "InvalidCIDRNotation"),
        (None, "InvalidCIDRNotation"),
    ],
)
def test_a_subnet_lies_in_its_network_and_in_no_other_subnet(
    azure: Emulated, prefix: str | None, code: str
) -> None:
    make_network(azure)
    body = {"properties": {"addressPrefix": prefix}}
    refused = network(azure, "PUT", f"{NETWORK}/subnets/other", body)
    assert (refused.status, refused.code) == (400, code)


def test_a_security_group_has_the_rules_of_all(azure: Emulated) -> None:
    rule = {"name": "ssh", "properties": {"priority": 100, "access": "Deny"}}
    body = {"location": "westus", "properties": {"securityRules": [rule]}}
    azure.make_group()
    made = network(azure, "PUT", f"{WALLS}/walls", body)
    assert made.status == 201
    properties = made.json["properties"]
    assert [each["name"] for each in properties["securityRules"]] == ["ssh"]
    assert [each["properties"]["access"] for each in properties["defaultSecurityRules"]] == [
        *("Allow", "Allow", "Deny"),
        *("Allow", "Allow", "Deny"),
    ]
