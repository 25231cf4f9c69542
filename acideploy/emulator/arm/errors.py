"""What Resource Manager answers when it does not do what it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ArmError(Exception):
    """An error answer: `{"error": {"code": ..., "message": ...}}` and a status.

    `gateway`: Resource Manager itself answers, not the provider of the resource. `error` holds
    further members of the error, `beside` what stands beside it (`"status": "Failed"`).
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        gateway: bool = False,
        headers: Mapping[str, str] | None = None,
        error: Mapping[str, Any] | None = None,
        beside: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.headers = {**({"x-ms-failure-cause": "gateway"} if gateway else {}), **(headers or {})}
        self.body = {"error": {"code": code, "message": message, **(error or {})}, **(beside or {})}


def resource_not_found(kind: str, name: str, group: str) -> ArmError:
    """`kind` as `Microsoft.ContainerInstance/containerGroups`."""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. For more "
        "details please go to https://aka.ms/ARMResourceNotFoundFix",
        gateway=True,
    )


def group_not_found(name: str) -> ArmError:
    return ArmError(
        404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.", gateway=True
    )


def subscription_not_found(name: str) -> ArmError:
    return ArmError(
        404, "SubscriptionNotFound", f"The subscription '{name}' could not be found.", gateway=True
    )


def invalid_content(message: str) -> ArmError:
    """The body is not what can be read at all."""
    return ArmError(400, "InvalidRequestContent", message, gateway=True)
