"""What can be a registry, and what cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from acideploy.emulator.acr.bodies import check_kinds
from acideploy.emulator.acr.errors import registry_error
from acideploy.emulator.acr.registry_document import SKUS, TYPE, WRITABLE
from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.locations import LOCATIONS, normalized
from acideploy.emulator.store import Document

_NAME = re.compile(r"[A-Za-z0-9]{5,50}")
INVALID_NAME = (
    "The specified resource name is invalid. Resource names must contain alpha numeric characters "
    "only and must be between 5 and 50 characters."
)


def is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def check_new(name: str, body: Mapping[str, Any]) -> None:
    """Raises ArmError for what no registry can be made of."""
    if not is_name(name):
        raise registry_error(400, "InvalidResourceName", INVALID_NAME)
    if not body.get("location"):
        raise ArmError(
            400,
            "LocationRequired",
            "The location property is required for this definition.",
            gateway=True,
        )
    if normalized(body["location"]) not in LOCATIONS:
        raise ArmError(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{body['location']}' is not available for resource type "
            f"'{TYPE}'. List of available regions for the resource type is "
            f"'{','.join(LOCATIONS)}'.",
            gateway=True,
        )
    if not body.get("sku"):
        raise registry_error(400, "MissingSku", "The SKU of the registry is missing.")
    check(body, None)


def check(body: Mapping[str, Any], known: Document | None) -> None:
    """Raises ArmError for what a registry cannot be, or the known one cannot become."""
    check_kinds(body, {"sku": dict, "properties": dict, "tags": dict, "identity": dict})
    check_kinds(body.get("properties") or {}, {**WRITABLE, "policies": dict})
    sku = str((body.get("sku") or {}).get("name", "Basic"))
    # One that keeps its content in an account of the user's is of the same kind.
    if sku.lower() == "classic" or (body.get("properties") or {}).get("storageAccount"):
        raise registry_error(
            400,
            "ClassicSkuDeprecated",
            "Classic SKU is now deprecated. Please select a managed SKU.",
        )
    if sku.capitalize() not in SKUS:
        raise registry_error(400, "InvalidSku", f"The SKU '{sku}' is not one of {', '.join(SKUS)}.")
    if known and "location" in body and normalized(body["location"]) != known["location"]:
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{known['name']}' already exists in location '{known['location']}' in "
            f"resource group '{known['id'].split('/')[4]}'. A resource with the same name cannot "
            f"be created in location '{body['location']}'. Please select a new resource name.",
            gateway=True,
        )


def name_taken(name: str) -> ArmError:
    return registry_error(
        409,
        "AlreadyInUse",
        f"The registry DNS name {name}.azurecr.io is already in use. You can check if the name is "
        "already claimed using following API: "
        "https://docs.microsoft.com/en-us/rest/api/containerregistry/registries/"
        "checknameavailability",
    )
