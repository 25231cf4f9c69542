"""What a workspace in Azure is made of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureWorkspace:
    """Everything that a deploy to Azure needs to know of where it deploys to.

    `name` is that of an Azure ML workspace, None where the parts were named one by one. Ids are
    those of Resource Manager: `/subscriptions/.../providers/...`. `registry` is a host, such as
    `contoso.azurecr.io`, `vault` the URL of a Key Vault. `pull_identity` is the user-assigned
    identity that pulls images. `origins` says of each part where it was found.
    """

    subscription: str
    resource_group: str
    location: str
    registry: str
    name: str | None = None
    registry_id: str | None = None
    vault: str | None = None
    insights_id: str | None = None
    storage_id: str | None = None
    pull_identity: str | None = None
    origins: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """What tells it from every other workspace."""
        group = f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
        if self.name is None:
            return group
        return f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"

    @property
    def mark(self) -> str:
        """Eight hexadecimal digits, for names that have to be unlike those of other workspaces."""
        return hashlib.sha256(self.id.lower().encode()).hexdigest()[:8]

    def group_name(self, service: str) -> str:
        """The container group of a service."""
        return f"{service}-{self.mark}"

    @property
    def groups(self) -> str:
        """The path of the container groups."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            "/providers/Microsoft.ContainerInstance/containerGroups"
        )
