"""What a workspace that was named is made of, as Resource Manager knows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, urlsplit

from acideploy.attachment import AzureChoice, is_host
from acideploy.azure.cloud import Cloud
from acideploy.azure.rest import Rest
from acideploy.azure.workspace import AzureWorkspace
from acideploy.errors import AzureError, NotFoundError

_T = TypeVar("_T")

_WORKSPACE_VERSION = "2023-04-01"
_REGISTRY_VERSION = "2023-07-01"
_VAULT_VERSION = "2023-07-01"
_REGISTRIES = "Microsoft.ContainerRegistry/registries"


def resolve(choice: AzureChoice, manager: Rest, cloud: Cloud) -> AzureWorkspace:
    """Everything that the choice comes to. What it names itself goes before what Azure ML says.

    Raises NotFoundError where there is no such workspace or part, and AzureError.
    """
    seeking = _Seeking(choice, manager, cloud, _ask_workspace(choice, manager))
    with ThreadPoolExecutor(max_workers=2) as pool:
        registry = pool.submit(seeking.registry)
        vault = pool.submit(seeking.vault)
    host, registry_id = registry.result()
    found = {
        "location": seeking.location(),
        "registry": host,
        "registry_id": registry_id,
        "vault": vault.result(),
        "insights_id": seeking.resource("application_insights", "Microsoft.Insights/components"),
        "storage_id": seeking.resource("storage", "Microsoft.Storage/storageAccounts"),
        "pull_identity": seeking.resource(
            "pull_identity", "Microsoft.ManagedIdentity/userAssignedIdentities"
        ),
    }
    return AzureWorkspace(
        subscription=choice.subscription,
        resource_group=choice.resource_group,
        name=choice.workspace_name,
        origins=seeking.origins({part for part, value in found.items() if value}),
        **found,  # type: ignore[arg-type]  # location and registry are there, or it was not found
    )


def _ask_workspace(choice: AzureChoice, manager: Rest) -> Mapping[str, str]:
    """What the Azure ML workspace says of each part; nothing where none is named."""
    name = choice.workspace_name
    if name is None:
        return {}
    path = f"{_group(choice)}/providers/Microsoft.MachineLearningServices/workspaces/{quote(name)}"
    answer = manager.get(path, _WORKSPACE_VERSION)
    if answer is None:
        raise NotFoundError(
            f"there is no Azure ML workspace {name} in resource group {choice.resource_group} "
            f"of subscription {choice.subscription}",
            hint=f"{dict(choice.origins).get('workspace_name')} names it; "
            f"az ml workspace list --subscription {choice.subscription}; then "
            "acideploy folder attach -w WORKSPACE -g GROUP",
        )
    properties = answer["properties"]
    said = {
        "location": answer["location"],
        "registry": properties.get("containerRegistry"),
        "key_vault": properties.get("keyVault"),
        "application_insights": properties.get("applicationInsights"),
        "storage": properties.get("storageAccount"),
    }
    return {part: str(value) for part, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class _Seeking:
    """The parts one by one: as `choice` names them, else as Azure ML has `said`."""

    choice: AzureChoice
    manager: Rest
    cloud: Cloud
    said: Mapping[str, str]

    def named(self, part: str) -> str | None:
        own: str | None = getattr(self.choice, part)
        return own or self.said.get(part)

    def location(self) -> str | None:
        """The region by its short name: `westeurope`, not `West Europe`."""
        named = self.named("location")
        return named and named.replace(" ", "").lower()

    def resource(self, part: str, kind: str) -> str | None:
        """The id of a part that is named by it, or by its name alone."""
        named = self.named(part)
        if named is None or named.startswith("/"):
            return named
        return f"{_group(self.choice)}/providers/{kind}/{quote(named)}"

    def registry(self) -> tuple[str, str | None]:
        """Its host and, where it is a resource that can be seen, its id."""
        named = self.named("registry")
        if named is None:
            raise NotFoundError(
                f"workspace {self.choice.workspace_name} has no registry yet",
                hint="acideploy folder attach --registry HOST",
            )
        if not named.startswith("/"):
            return self._listed(named)
        resource = self.manager.get(named, _REGISTRY_VERSION)
        if resource is None:
            raise NotFoundError(
                f"there is no registry {named}", hint="acideploy folder attach --registry HOST"
            )
        return str(resource["properties"]["loginServer"]), str(resource["id"])

    def vault(self) -> str | None:
        """The URL of the Key Vault."""
        named = self.named("key_vault")
        if named is None or urlsplit(named).scheme:
            return named and named.rstrip("/")
        resource = self.resource("key_vault", "Microsoft.KeyVault/vaults")
        assert resource is not None
        vault = _seen(lambda: self.manager.get(resource, _VAULT_VERSION))
        if vault is None:
            # One that may be used need not be one whose resource may be read: its name says where
            # it is.
            return f"https://{resource.rpartition('/')[2]}.{self.cloud.vault_suffix}"
        return str(vault["properties"]["vaultUri"]).rstrip("/")

    def origins(self, found: set[str]) -> tuple[tuple[str, str], ...]:
        """Where each part of the AzureWorkspace was found."""
        own = dict(self.choice.origins)
        azure_ml = f"Azure ML workspace {self.choice.workspace_name}"
        names = {
            "registry_id": "registry",
            "vault": "key_vault",
            "insights_id": "application_insights",
            "storage_id": "storage",
        }
        coordinates = ("subscription", "resource_group", "workspace_name")
        return (
            *(
                ("name" if each == "workspace_name" else each, own[each])
                for each in coordinates
                if each in own
            ),
            *((part, own.get(names.get(part, part), azure_ml)) for part in sorted(found)),
        )

    def _listed(self, named: str) -> tuple[str, str | None]:
        """The registry of that host or name, among those of the subscription."""
        path = f"/subscriptions/{self.choice.subscription}/providers/{_REGISTRIES}"
        listed = _seen(lambda: list(self.manager.list(path, _REGISTRY_VERSION)))
        for each in listed or ():
            host = str(each["properties"]["loginServer"])
            if named.lower() in (host.lower(), str(each["name"]).lower()):
                return host, str(each["id"])
        return named if is_host(named) else f"{named}.{self.cloud.registry_suffix}", None


def _seen(ask: Callable[[], _T]) -> _T | None:
    """What is found; None where it may not be read."""
    try:
        return ask()
    except AzureError as error:
        if error.status == 403:
            return None
        raise


def _group(choice: AzureChoice) -> str:
    group = quote(choice.resource_group)
    return f"/subscriptions/{quote(choice.subscription)}/resourceGroups/{group}"
