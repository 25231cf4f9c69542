"""Virtual networks, subnets and security groups, written as Azure writes them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.stored import Asked
from acideploy.emulator.cloud import new_id
from acideploy.emulator.store import Document

NAMESPACE = "Microsoft.Network"
NETWORKS = "virtualNetworks"
SECURITY_GROUPS = "networkSecurityGroups"
_SUBNETS = f"{NAMESPACE}/{NETWORKS}/subnets"

# Every security group has these: name, description, from where, to where, access, priority.
_ALL_IN, _ALL_OUT = "Deny all inbound traffic", "Deny all outbound traffic"
_VMS_IN = "Allow inbound traffic from all VMs in VNET"
_VMS_OUT = "Allow outbound traffic from all VMs to all VMs in VNET"
_BALANCER = "Allow inbound traffic from azure load balancer"
_INTERNET = "Allow outbound traffic from all VMs to Internet"
_RULES = (
    ("AllowVnetInBound", _VMS_IN, "VirtualNetwork", "VirtualNetwork", "Allow", 65000),
    ("AllowAzureLoadBalancerInBound", _BALANCER, "AzureLoadBalancer", "*", "Allow", 65001),
    ("DenyAllInBound", _ALL_IN, "*", "*", "Deny", 65500),
    ("AllowVnetOutBound", _VMS_OUT, "VirtualNetwork", "VirtualNetwork", "Allow", 65000),
    ("AllowInternetOutBound", _INTERNET, "*", "Internet", "Allow", 65001),
    ("DenyAllOutBound", _ALL_OUT, "*", "*", "Deny", 65500),
)
_LISTS = ("sourcePortRanges", "destinationPortRanges")
_PREFIX_LISTS = ("sourceAddressPrefixes", "destinationAddressPrefixes")
# What a subnet has only when it was asked for.
_OPTIONAL = ("networkSecurityGroup", "routeTable", "natGateway", "serviceEndpoints")


async def network(asked: Asked) -> Document:
    """The document of a virtual network. Raises ArmError for addresses that cannot be."""
    given = asked.properties
    space = given.get("addressSpace")
    if not isinstance(space, dict) or not space.get("addressPrefixes"):
        raise _refused(
            "InvalidRequestFormat", "The virtual network has no addressSpace.addressPrefixes."
        )
    space = {"addressPrefixes": list(space["addressPrefixes"])}
    subnets: list[Document] = []
    for each in given.get("subnets") or ():
        add_subnet(asked.id, space, subnets, str(each.get("name", "")), each)
    return _dressed(
        asked,
        f"{NAMESPACE}/{NETWORKS}",
        {
            "resourceGuid": asked.kept("resourceGuid", new_id()),
            "addressSpace": space,
            "privateEndpointVNetPolicies": given.get("privateEndpointVNetPolicies", "Disabled"),
            **({"dhcpOptions": given["dhcpOptions"]} if given.get("dhcpOptions") else {}),
            "subnets": subnets,
            "virtualNetworkPeerings": [],
            "enableDdosProtection": bool(given.get("enableDdosProtection", False)),
        },
    )


async def security_group(asked: Asked) -> Document:
    rules = [
        {
            "name": str(each.get("name", "")),
            "id": f"{asked.id}/securityRules/{each.get('name', '')}",
            "etag": etag(),
            "type": f"{NAMESPACE}/{SECURITY_GROUPS}/securityRules",
            "properties": {"provisioningState": "Succeeded", **(each.get("properties") or {})},
        }
        for each in asked.properties.get("securityRules") or ()
    ]
    return _dressed(
        asked,
        f"{NAMESPACE}/{SECURITY_GROUPS}",
        {
            "resourceGuid": asked.kept("resourceGuid", new_id()),
            "securityRules": rules,
            "defaultSecurityRules": [_rule(asked.id, *each) for each in _RULES],
        },
    )


def add_subnet(
    owner: str, space: Document, subnets: list[Document], name: str, asked: Document
) -> Document:
    """Puts a subnet into those of a network, in place of one of that name; returns it."""
    given = asked.get("properties") or {}
    others = [each for each in subnets if each["name"].lower() != name.lower()]
    prefix = given.get("addressPrefix") or next(iter(given.get("addressPrefixes") or ()), None)
    _check(name, owner.rpartition("/")[2], prefix, space["addressPrefixes"], others)
    id = f"{owner}/subnets/{name}"
    tag = etag()
    subnet: Document = {
        "name": name,
        "id": id,
        "etag": tag,
        "properties": {
            "provisioningState": "Succeeded",
            **(
                {"addressPrefix": given["addressPrefix"]}
                if given.get("addressPrefix")
                else {"addressPrefixes": given["addressPrefixes"]}
            ),
            **{key: given[key] for key in _OPTIONAL if given.get(key)},
            "delegations": [_delegation(id, tag, each) for each in given.get("delegations") or ()],
            "privateEndpointNetworkPolicies": given.get(
                "privateEndpointNetworkPolicies", "Disabled"
            ),
            "privateLinkServiceNetworkPolicies": given.get(
                "privateLinkServiceNetworkPolicies", "Enabled"
            ),
        },
        "type": _SUBNETS,
    }
    places = [place for place, each in enumerate(subnets) if each not in others]
    if places:
        subnets[places[0]] = subnet
    else:
        subnets.append(subnet)
    return subnet


def settle(document: Document, state: str) -> None:
    """Writes a state into a resource and all its parts, which are then another version of it."""
    tag = etag()
    parts = (
        document["properties"].get(name) or ()
        for name in ("subnets", "securityRules", "defaultSecurityRules")
    )
    for each in (document, *(part for several in parts for part in several)):
        each["etag"] = tag
        each["properties"]["provisioningState"] = state


def etag() -> str:
    return f'W/"{new_id()}"'


def _dressed(asked: Asked, type: str, properties: dict[str, Any]) -> Document:
    return {
        "name": asked.name,
        "id": asked.id,
        "etag": etag(),
        "type": type,
        "location": asked.location,
        **({"tags": asked.tags} if asked.tags else {}),
        "properties": {"provisioningState": "Succeeded", **properties},
    }


def _rule(
    owner: str, name: str, description: str, source: str, target: str, access: str, priority: int
) -> Document:
    return {
        "name": name,
        "id": f"{owner}/defaultSecurityRules/{name}",
        "etag": etag(),
        "type": f"{NAMESPACE}/{SECURITY_GROUPS}/defaultSecurityRules",
        "properties": {
            "provisioningState": "Succeeded",
            "description": description,
            "protocol": "*",
            "sourcePortRange": "*",
            "destinationPortRange": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": target,
            "access": access,
            "priority": priority,
            "direction": "Inbound" if name.endswith("InBound") else "Outbound",
            **{each: [] for each in (*_LISTS, *_PREFIX_LISTS)},
        },
    }


def _delegation(owner: str, tag: str, asked: Document) -> Document:
    name = str(asked.get("name", ""))
    service = (asked.get("properties") or {}).get("serviceName", name)
    return {
        "name": name,
        "id": f"{owner}/delegations/{name}",
        "etag": tag,
        "properties": {
            "provisioningState": "Succeeded",
            "serviceName": service,
            "actions": [f"{_SUBNETS}/action"],
        },
        "type": f"{_SUBNETS}/delegations",
    }


def _check(
    name: str, owner: str, prefix: object, space: Iterable[object], others: Iterable[Document]
) -> None:
    try:
        wanted = ipaddress.ip_network(str(prefix))
        whole = [ipaddress.ip_network(str(each)) for each in space]
        taken = [
            ipaddress.ip_network(str(text))
            for each in others
            for text in (
                each["properties"].get("addressPrefix"),
                *(each["properties"].get("addressPrefixes") or ()),
            )
            if text
        ]
    except ValueError as error:
        raise _refused(
            "InvalidCIDRNotation", f"The address prefix of subnet {name} is not valid: {error}."
        ) from error
    if not any(_lies_in(wanted, each) for each in whole):
        raise _refused(
            "NetcfgInvalidSubnet", f"Subnet '{name}' is not valid in virtual network '{owner}'."
        )
    if any(wanted.overlaps(each) for each in taken):
        raise _refused(
            "NetcfgSubnetRangesOverlap",
            f"Subnet '{name}' is not valid because its IP address range overlaps with that of an "
            f"existing subnet in virtual network '{owner}'.",
        )


def _lies_in(
    one: ipaddress.IPv4Network | ipaddress.IPv6Network,
    other: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> bool:
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return one.subnet_of(other)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return one.subnet_of(other)
    return False


def _refused(code: str, message: str) -> ArmError:
    return ArmError(400, code, message, error={"details": []})
