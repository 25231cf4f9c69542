"""Requests that Azure Container Instances refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from acideploy.emulator.arm.errors import ArmError


def refuse(code: str, message: str) -> ArmError:
    """400: the request is wrong."""
    return ArmError(400, code, message)


def group_gone(name: str) -> ArmError:
    """404 of the service itself: Resource Manager still knows the group."""
    return ArmError(404, "ContainerGroupNotFound", f"The container group '{name}' does not exist.")


def transitioning(name: str) -> ArmError:
    return ArmError(
        409,
        "ContainerGroupTransitioning",
        f"The container group '{name}' is still transitioning, please retry later.",
    )


def quota_reached(quota: str, region: str, *, limit: int, usage: int, requested: int) -> ArmError:
    return ArmError(
        400,
        "ContainerGroupQuotaReached",
        "Resource type 'Microsoft.ContainerInstance/containerGroups' container group quota "
        f"'{quota}' exceeded in region '{region}'. Limit: '{limit}', Usage: '{usage}' "
        f"Requested: '{requested}'.",
    )


def no_capacity(region: str, *, cpu: float, memory: float, os: str, network: str = "") -> ArmError:
    return ArmError(
        409,
        "ServiceUnavailable",
        f"The requested resource is not available in the location '{region}' at this moment. "
        "Please retry with a different resource request or in another location. Resource "
        f"requested: '{cpu:g}' CPU '{memory:g}' GB memory '{os}' OS{network}",
    )


def inaccessible_image(image: str, group: str) -> ArmError:
    return refuse(
        "InaccessibleImage",
        f"The image '{image}' in container group '{group}' is not accessible. Please check the "
        "image and registry credential.",
    )


def registry_error(server: str) -> ArmError:
    return ArmError(
        409,
        "RegistryErrorResponse",
        f"An error response is received from the docker registry '{server}'. Please retry later.",
    )


def label_taken(label: str, group: str) -> ArmError:
    return ArmError(
        409,
        "DnsNameLabelAlreadyTaken",
        f"The DNS name label '{label}' in container group '{group}' is not available. Try using a "
        "different label.",
    )


def cannot_update(name: str) -> ArmError:
    return refuse(
        "InvalidContainerGroupUpdate",
        f"The updates on container group '{name}' are invalid. If you are going to update the os "
        "type, restart policy, network profile, CPU, memory or GPU resources for a container "
        "group, you must delete it first and then create a new one.",
    )


def twice(values: Iterable[Any]) -> list[Any]:
    """What is there more than once."""
    return [value for value, count in Counter(values).items() if count > 1]
