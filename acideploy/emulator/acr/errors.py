"""Errors of the registry provider: unlike others they carry `"status": "Failed"` beside them."""

from __future__ import annotations

from acideploy.emulator.arm.errors import ArmError


def registry_error(status: int, code: str, message: str) -> ArmError:
    return ArmError(status, code, message, beside={"status": "Failed"})


def part_not_found(name: str) -> ArmError:
    """A scope map, token or the like of a registry is not there."""
    return registry_error(404, "ResourceNotFound", f"The resource {name} could not be found.")
