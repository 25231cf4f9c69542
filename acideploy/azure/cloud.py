"""Which Azure: Microsoft's three, or any other that says where its parts are."""

from __future__ import annotations

import configparser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acideploy.errors import AzureError

CLOUD_VARIABLE = "ACIDEPLOY_CLOUD"
# What Terraform and az's own scripts call the same.
_METADATA_VARIABLE = "ARM_CLOUD_METADATA_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """Endpoints of a cloud, URLs without a slash at their end. `audience` is of Resource Manager.

    `registry_suffix` and `vault_suffix` are what host names end in.
    """

    name: str
    resource_manager: str
    authority: str
    audience: str
    registry_suffix: str
    vault_suffix: str


# https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure and
# https://learn.microsoft.com/azure/china/resources-developer-guide
_PUBLIC = Cloud(
    name="AzureCloud",
    resource_manager="https://management.azure.com",
    authority="https://login.microsoftonline.com",
    audience="https://management.azure.com",
    registry_suffix="azurecr.io",
    vault_suffix="vault.azure.net",
)
_GOVERNMENT = Cloud(
    name="AzureUSGovernment",
    resource_manager="https://management.usgovcloudapi.net",
    authority="https://login.microsoftonline.us",
    audience="https://management.usgovcloudapi.net",
    registry_suffix="azurecr.us",
    vault_suffix="vault.usgovcloudapi.net",
)
_CHINA = Cloud(
    name="AzureChinaCloud",
    resource_manager="https://management.chinacloudapi.cn",
    authority="https://login.chinacloudapi.cn",
    audience="https://management.chinacloudapi.cn",
    registry_suffix="azurecr.cn",
    vault_suffix="vault.azure.cn",
)
_KNOWN = {cloud.name.lower(): cloud for cloud in (_PUBLIC, _GOVERNMENT, _CHINA)}


def choose_cloud(
    variables: Mapping[str, str], az_folder: Path, *, read: Callable[[str], Any]
) -> Cloud:
    """The cloud of `ACIDEPLOY_CLOUD`, else of `ARM_CLOUD_METADATA_URL`, else az's, else the public.

    A URL is that of a `/metadata/endpoints` document, which `read` gets. Raises AzureError.
    """
    given = variables.get(CLOUD_VARIABLE) or variables.get(_METADATA_VARIABLE)
    name = given or _cloud_of_az(az_folder) or _PUBLIC.name
    if known := _KNOWN.get(name.lower()):
        return known
    if not name.startswith("https://"):
        raise AzureError(
            f"there is no cloud {name!r}",
            hint=f"set {CLOUD_VARIABLE} to {', '.join(each.name for each in _KNOWN.values())}, "
            "or to the address of a cloud's /metadata/endpoints",
        )
    return _described(name, read(name))


def _cloud_of_az(folder: Path) -> str | None:
    """What `az cloud set` has chosen; one that was registered there, by its Resource Manager."""
    config, clouds = configparser.ConfigParser(), configparser.ConfigParser()
    try:
        config.read(folder / "config")
        clouds.read(folder / "clouds.config")
    except (configparser.Error, UnicodeDecodeError):
        return None
    name = config.get("cloud", "name", fallback=None)
    if name is None or name.lower() in _KNOWN:
        return name
    manager = clouds.get(name, "endpoint_resource_manager", fallback=None)
    if manager is None:
        return None
    return f"{manager.rstrip('/')}/metadata/endpoints?api-version=2022-09-01"


def _described(url: str, document: Any) -> Cloud:
    try:
        cloud = document[0] if isinstance(document, list) else document
        suffixes = cloud["suffixes"]
        return Cloud(
            name=str(cloud["name"]),
            resource_manager=str(cloud["resourceManager"]).rstrip("/"),
            authority=str(cloud["authentication"]["loginEndpoint"]).rstrip("/"),
            audience=str(cloud["authentication"]["audiences"][-1]).rstrip("/"),
            registry_suffix=str(suffixes["acrLoginServer"]).lstrip("."),
            vault_suffix=str(suffixes["keyVaultDns"]).lstrip("."),
        )
    except (KeyError, IndexError, TypeError) as error:
        raise AzureError(
            f"{url} does not describe a cloud: {error} is missing",
            hint="give the address with ?api-version=2022-09-01",
        ) from error
