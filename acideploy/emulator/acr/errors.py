"""Errors of the registry provider: unlike others they carry `"status": "Failed"` beside them."""

from __future__ import annotations

from collections.abc import Mapping

from acideploy.emulator.acr.versions import TOKEN_VERSIONS, supported
from acideploy.emulator.arm.errors import ArmError


def registry_error(
    status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
) -> ArmError:
    return ArmError(status, code, message, headers=headers, beside={"status": "Failed"})


def part_not_found(name: str) -> ArmError:
    """A scope map or token of a registry is not there."""
    message = f"The resource {name} could not be found."
    return registry_error(404, "ResourceNotFound", message, headers=supported(TOKEN_VERSIONS))
