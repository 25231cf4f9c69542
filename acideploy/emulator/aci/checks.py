"""What the service checks of a container group before it takes it: the group as a whole."""

from __future__ import annotations

import re
from typing import Any

from acideploy.emulator.aci.container_checks import check_container, check_volumes
from acideploy.emulator.aci.credential_checks import check_credentials
from acideploy.emulator.aci.document import SCOPES
from acideploy.emulator.aci.refusals import refuse, twice
from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.locations import LOCATIONS, normalized
from acideploy.emulator.store import Document

# Documented as lower-case; recorded with `myContainerGroup`.
_GROUP_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_LABEL = re.compile(r"[a-z][-a-z0-9]{3,61}[a-z0-9]")
_CONTAINERS_MOST = 60
_PORTS_MOST = 5
# Ports that the platform needs for itself.
_RESERVED = (
    *((port, port) for port in (22, 9999, 19000, 19080, 19100, 19390)),
    (1025, 1027),
    (3389, 3399),
    (20000, 30000),
    (49152, 65534),
)


def check_location(group: Document, known: Document | None) -> str:
    """The region's name, `westus`. Raises ArmError when nothing can be there."""
    if not group.get("location"):
        raise ArmError(
            400,
            "LocationRequired",
            "The location property is required for this definition.",
            gateway=True,
        )
    location = normalized(group["location"])
    if location not in LOCATIONS:
        raise ArmError(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{group['location']}' is not available for resource type "
            "'Microsoft.ContainerInstance/containerGroups'. List of available regions for the "
            f"resource type is '{','.join(LOCATIONS)}'.",
            gateway=True,
        )
    if known and known["location"] != location:
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{known['name']}' already exists in location '{known['location']}' in "
            f"resource group '{known['id'].split('/')[4]}'. A resource with the same name cannot "
            f"be created in location '{location}'. Please select a new resource name.",
            gateway=True,
        )
    return location


def check_group(group: Document, name: str, version: str) -> None:
    """Raises ArmError for the first thing that is wrong."""
    properties = group["properties"]
    if not _GROUP_NAME.fullmatch(name):
        raise refuse(
            "InvalidContainerGroupName",
            f"The container group name '{name}' is invalid. It can contain only letters, numbers "
            "and hyphens. The first and the last character must be a letter or number. The value "
            "must be between 1 and 63 characters long.",
        )
    _check_word(properties.get("osType"), "osType", ("Windows", "Linux"), "InvalidOsType", name)
    policy = properties.get("restartPolicy", "Always")
    _check_word(
        policy, "restartPolicy", ("Always", "OnFailure", "Never"), "InvalidRestartPolicy", name
    )
    _check_containers(properties, name)
    if address := properties.get("ipAddress"):
        _check_address(address, properties, name)
    _check_ports(properties, name)
    check_volumes(properties, name)
    check_credentials(group, name, version)


def _check_word(value: Any, what: str, words: tuple[str, ...], code: str, name: str) -> None:
    if value not in words:
        raise refuse(
            code,
            f"The '{what}' for container group '{name}' is invalid. The value must be one of "
            f"'{','.join(words)}'.",
        )


def _check_containers(properties: Document, name: str) -> None:
    containers, first = properties["containers"], properties["initContainers"]
    if not containers:
        raise refuse(
            "ContainersNotSpecified", f"The containers of container group '{name}' are missing."
        )
    if len(containers) + len(first) > _CONTAINERS_MOST:
        raise refuse(
            "TooManyContainers",
            f"The container group '{name}' has more than {_CONTAINERS_MOST} containers.",
        )
    for container in containers:
        check_container(container, properties, name)
    for container in first:
        check_container(container, properties, name, is_init=True)
    for each in twice(container["name"] for container in (*containers, *first)):
        raise refuse(
            "DuplicateContainerName",
            f"The container name '{each}' is used more than once in container group '{name}'.",
        )


def _check_address(address: Document, properties: Document, name: str) -> None:
    kind = address.get("type")
    _check_word(kind, "ipAddress.type", ("Public", "Private"), "InvalidIPAddressType", name)
    if not address.get("ports"):
        raise refuse(
            "MissingIpAddressPorts",
            f"The ports in the 'ipAddress' of container group '{name}' cannot be empty.",
        )
    if len(address["ports"]) > _PORTS_MOST:
        raise refuse(
            "TooManyIpAddressPorts",
            f"The 'ipAddress' of container group '{name}' has {len(address['ports'])} ports; "
            f"there can be no more than {_PORTS_MOST}.",
        )
    networked = properties.get("subnetIds") or properties.get("networkProfile")
    if kind == "Private" and not networked:
        raise refuse(
            "PrivateIPAddressNeedsNetwork",
            f"The 'ipAddress' of container group '{name}' is private, and no subnet is given.",
        )
    if kind == "Public" and networked:
        raise refuse(
            "PublicIPAddressNotSupported",
            f"The 'ipAddress' of container group '{name}' cannot be public in a virtual network.",
        )
    _check_label(address, name)


def _check_label(address: Document, name: str) -> None:
    label = address.get("dnsNameLabel")
    if label is None:
        return
    if not _LABEL.fullmatch(label):
        raise refuse(
            "InvalidDnsNameLabel",
            f"The DNS name label '{label}' in container group '{name}' is invalid. It can contain "
            "only lowercase letters, numbers and hyphens. The first character must be a letter. "
            "The last character must be a letter or number. The value must be between 5 and 63 "
            "characters long.",
        )
    if address["type"] != "Public":
        raise refuse(
            "DnsNameLabelNotSupported",
            f"The DNS name label '{label}' in container group '{name}' needs a public IP address.",
        )
    scope = address.get("autoGeneratedDomainNameLabelScope", "Unsecure")
    _check_word(
        scope, "autoGeneratedDomainNameLabelScope", SCOPES, "InvalidDomainNameLabelScope", name
    )


def _check_ports(properties: Document, name: str) -> None:
    shown = properties.get("ipAddress", {}).get("ports", [])
    inner = [
        port
        for container in properties["containers"]
        for port in container["properties"].get("ports", [])
    ]
    for port in (*shown, *inner):
        number = port.get("port")
        _check_word(port.get("protocol", "TCP"), "protocol", ("TCP", "UDP"), "InvalidPort", name)
        if number is None or not 1 <= number <= 65535:
            raise refuse(
                "InvalidPort",
                f"The port '{number}' in container group '{name}' is invalid. It must be between 1 "
                "and 65535.",
            )
        if any(low <= number <= high for low, high in _RESERVED):
            raise refuse(
                "ReservedPort",
                f"The port '{number}' in container group '{name}' is reserved by the platform.",
            )
    for ports in (shown, inner):
        for number, protocol in twice(port_of(port) for port in ports):
            raise refuse(
                "DuplicatePort",
                f"The port '{number}' ({protocol}) is used more than once in container group "
                f"'{name}'.",
            )


def port_of(port: Document) -> tuple[int, str]:
    """Number and protocol."""
    return port["port"], port.get("protocol", "TCP")
