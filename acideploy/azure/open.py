"""A workspace in Azure, opened: its cloud, Resource Manager, and what it is made of."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acideploy.attachment import AzureChoice
from acideploy.az_settings import az_folder
from acideploy.azure.cloud import Cloud, choose_cloud
from acideploy.azure.resolve import resolve
from acideploy.azure.rest import Rest
from acideploy.azure.workspace import AzureWorkspace
from acideploy.clock import Clock
from acideploy.credentials import azure_token, get_ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Azure:
    """`manager` speaks to Resource Manager, as whoever is logged in."""

    cloud: Cloud
    manager: Rest
    workspace: AzureWorkspace


def open_azure(choice: AzureChoice, *, clock: Clock) -> Azure:
    """The workspace that was named. Raises NotFoundError and AzureError."""

    def read(url: str) -> Any:
        return Rest(url, token=None, clock=clock).send("GET", url).body

    get_ahead()
    cloud = choose_cloud(os.environ, az_folder(os.environ, home=Path.home()), read=read)
    manager = open_manager(cloud, clock=clock)
    return Azure(cloud=cloud, manager=manager, workspace=resolve(choice, manager, cloud))


def open_manager(cloud: Cloud, *, clock: Clock) -> Rest:
    """Resource Manager of a cloud."""
    scope = f"{cloud.audience}/.default"
    return Rest(
        cloud.resource_manager,
        token=lambda: azure_token(scope, authority=cloud.authority),
        clock=clock,
    )
