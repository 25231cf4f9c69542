"""A workspace in Azure as JSON: its parts, and where each was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acideploy.attachment import AzureChoice
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A workspace in Azure; all null where there is none. `registry` is one and where it is said.

    `parts` are null where there is no such part, and `origins` say of each where it was found.
    """

    name: str | None = None
    registry: tuple[str | None, str | None] = (None, None)
    parts: Mapping[str, str | None] | None = None
    origins: Mapping[str, str] | None = None


NOTHING = Shown()


def found(azure: Azure) -> Shown:
    """What was asked for and found, and the cloud; called as the workspace or the group is."""
    workspace = azure.workspace
    origins = dict(workspace.origins)
    return Shown(
        name=workspace.name or workspace.resource_group,
        registry=(workspace.registry, origins.get("registry")),
        parts={
            "cloud": azure.cloud.name,
            **{_SPELT[part]: getattr(workspace, part) for part in _FOUND},
        },
        origins=parts(origins),
    )


def named(choice: AzureChoice) -> Shown:
    """What was said of it, of which nothing could be asked."""
    origins = dict(choice.origins)
    return Shown(
        name=choice.workspace_name or choice.resource_group,
        registry=(choice.registry, origins.get("registry")),
        parts=parts({part: getattr(choice, part) for part in origins}),
        origins=parts(origins),
    )
