"""A workspace in Azure as JSON: its parts, and where each was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acideploy.azure.open import Azure

# The parts as they are named and as they were found, by their names here.
_SPELT = {
    "subscription": "subscriptionId",
    "resource_group": "resourceGroup",
    "workspace_name": "workspaceName",
    "name": "workspaceName",
    "location": "location",
    "registry": "registry",
    "registry_id": "registryId",
    "key_vault": "keyVault",
    "vault": "keyVault",
    "application_insights": "applicationInsights",
    "insights_id": "applicationInsights",
    "storage": "storage",
    "storage_id": "storage",
    "pull_identity": "pullIdentity",
}
_FOUND = (
    *("subscription", "resource_group", "name", "location", "registry", "registry_id", "vault"),
    *("insights_id", "storage_id", "pull_identity"),
)


def parts(named: Mapping[str, str]) -> dict[str, str]:
    """Parts by the names that the results of commands have for them."""
    return {_SPELT[part]: value for part, value in named.items()}


def name(azure: Azure) -> str:
    """That of the Azure ML workspace, else of the resource group."""
    return azure.workspace.name or azure.workspace.resource_group


def found(azure: Azure) -> dict[str, str | None]:
    """The cloud and every part; null where there is none."""
    workspace = azure.workspace
    return {
        "cloud": azure.cloud.name,
        **{_SPELT[part]: getattr(workspace, part) for part in _FOUND},
    }


def origins(azure: Azure) -> dict[str, str]:
    """Where each of them was found."""
    return parts(dict(azure.workspace.origins))
