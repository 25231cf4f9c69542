"""A workspace in Azure, opened: its cloud, Resource Manager, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass

from acideploy.azure.cloud import Cloud
from acideploy.azure.rest import Rest
from acideploy.azure.workspace import AzureWorkspace
from acideploy.clock import Clock
from acideploy.credentials import azure_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Azure:
    """`manager` speaks to Resource Manager, as whoever is logged in."""

    cloud: Cloud
    manager: Rest
    workspace: AzureWorkspace


def open_manager(cloud: Cloud, *, clock: Clock) -> Rest:
    """Resource Manager of a cloud."""
    scope = f"{cloud.audience}/.default"
    return Rest(
        cloud.resource_manager,
        token=lambda: azure_token(scope, authority=cloud.authority),
        clock=clock,
    )
