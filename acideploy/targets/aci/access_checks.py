"""Whether images can be pulled from the registry, and keys kept in the Key Vault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from acideploy.azure.open import Azure
from acideploy.config.problem import Problem
from acideploy.targets.aci.asking import text_at, value_at

_REGISTRY_VERSION = "2023-07-01"
_VAULT_VERSION = "2022-07-01"
_IDENTITY_VERSION = "2023-01-31"
_PERMISSIONS_VERSION = "2022-04-01"

_AUTHORIZATION = "Microsoft.Authorization"
_REGISTRIES = "Microsoft.ContainerRegistry/registries"
# What it takes to make a pull token for the workspace, and to read the admin user's password.
_TOKEN = (
    f"{_REGISTRIES}/scopeMaps/write",
    f"{_REGISTRIES}/tokens/write",
    f"{_REGISTRIES}/generateCredentials/action",
)
_ADMIN = (f"{_REGISTRIES}/listCredentials/action",)
# What a pull takes, and what it takes of a registry with permissions by repository.
_PULL = (f"{_REGISTRIES}/pull/read",)
_READ = (f"{_REGISTRIES}/repositories/content/read",)
_SECRETS = "Microsoft.KeyVault/vaults/secrets"
_KEEP = (f"{_SECRETS}/getSecret/action", f"{_SECRETS}/setSecret/action")


def pull_problems(azure: Azure) -> Iterator[Problem]:
    """Whether the registry is there, and one of the ways to pull of it is open.

    Nothing for a registry that Resource Manager knows nothing of. Raises AzureError.
    """
    workspace = azure.workspace
    if workspace.registry_id is None:
        return
    registry = azure.manager.get(workspace.registry_id, _REGISTRY_VERSION)
    if registry is None:
        yield Problem(
            code="registry-not-found",
            severity="error",
            message=f"the container registry {workspace.registry} is gone",
            hint="acideploy folder attach --registry HOST, of one that is there",
        )
    elif workspace.pull_identity:
        yield from _identity(azure, workspace.pull_identity, workspace.registry_id)
    else:
        yield from _passwords(azure, workspace.registry_id, registry)


def may_make_token(azure: Azure, registry_id: str) -> bool:
    """Whether whoever is logged in may make what images are pulled with. Raises AzureError."""
    return _allows(_permissions(azure, registry_id), _TOKEN)


def _identity(azure: Azure, identity: str, registry_id: str) -> Iterator[Problem]:
    found, name = azure.manager.get(identity, _IDENTITY_VERSION), identity.rpartition("/")[2]
    if found is None:
        yield _no_way(f"the identity {name}, which is to pull images, is gone", "error")
        return
    principal = text_at(found, "properties", "principalId")
    if principal and not _may_pull(azure, principal, registry_id):
        yield Problem(
            code="no-way-to-pull",
            severity="error",
            message=f"the identity {name} may not pull images of {azure.workspace.registry}",
            hint=f"az role assignment create --assignee-object-id {principal} "
            f"--assignee-principal-type ServicePrincipal --role AcrPull --scope {registry_id}",
        )


def _may_pull(azure: Azure, principal: str, registry_id: str) -> bool:
    """Whether a role that is assigned there or above, to it or to a group it is in, has the pull.

    https://learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest
    """
    assigned = azure.manager.list(
        f"{registry_id}/providers/{_AUTHORIZATION}/roleAssignments"
        f"?$filter=assignedTo('{principal}')",
        _PERMISSIONS_VERSION,
    )
    for role in {text_at(each, "properties", "roleDefinitionId") for each in assigned} - {None}:
        definition = azure.manager.get(str(role), _PERMISSIONS_VERSION)
        permissions = value_at(definition, "properties", "permissions") or ()
        if _allows(permissions, _PULL) or _allows(permissions, _READ, kind="dataActions"):
            return True
    return False


def _passwords(azure: Azure, registry_id: str, registry: Any) -> Iterator[Problem]:
    host = azure.workspace.registry
    if text_at(registry, "properties", "publicNetworkAccess") == "Disabled":
        yield _no_way(f"{host} has no public address, and no identity is configured", "error")
        return
    permissions = _permissions(azure, registry_id)
    has_admin = value_at(registry, "properties", "adminUserEnabled") is True
    if _allows(permissions, _TOKEN) or (has_admin and _allows(permissions, _ADMIN)):
        return
    admin = "may not be read" if has_admin else "is off"
    # A token that was made earlier, by somebody who may, still does.
    yield _no_way(
        f"Azure may have nothing to pull images of {host} with: no identity is configured, you "
        f"may make no token, and its admin user {admin}",
        "warning",
    )


def _no_way(message: str, severity: Any) -> Problem:
    return Problem(
        code="no-way-to-pull",
        severity=severity,
        message=message,
        hint="acideploy folder attach --pull-identity ID, of an identity with the role AcrPull",
    )


def vault_problems(azure: Azure) -> Iterator[Problem]:
    """Whether the keys of services can be kept in the workspace's Key Vault. Raises AzureError.

    Of a vault with access policies it cannot be told.
    """
    workspace = azure.workspace
    if workspace.vault is None:
        return
    vault = _vault(azure, workspace.vault)
    id, name = text_at(vault, "id"), text_at(vault, "name")
    if id is None:
        yield Problem(
            code="vault-not-allowed",
            severity="note",
            message=f"Key Vault {workspace.vault} is not to be seen in this subscription",
        )
    elif value_at(vault, "properties", "enableRbacAuthorization") is True and not _allows(
        _permissions(azure, id), _KEEP, kind="dataActions"
    ):
        yield Problem(
            code="vault-not-allowed",
            severity="warning",
            message=f"you may not keep the keys of services in Key Vault {name}",
            hint='az role assignment create --assignee YOU --role "Key Vault Secrets Officer" '
            f"--scope {id}",
        )


def _vault(azure: Azure, url: str) -> Any | None:
    path = f"/subscriptions/{azure.workspace.subscription}/providers/Microsoft.KeyVault/vaults"
    for vault in azure.manager.list(path, _VAULT_VERSION):
        if (text_at(vault, "properties", "vaultUri") or "").rstrip("/") == url.rstrip("/"):
            return vault
    return None


def _permissions(azure: Azure, scope: str) -> list[Any]:
    """What whoever is logged in may do there."""
    path = f"{scope}/providers/{_AUTHORIZATION}/permissions"
    return list(azure.manager.list(path, _PERMISSIONS_VERSION))


def _allows(permissions: Sequence[Any], actions: Sequence[str], *, kind: str = "actions") -> bool:
    """Whether all of the actions are allowed, each by any of the roles that do not except it."""
    but = f"not{kind[0].upper()}{kind[1:]}"
    return all(
        any(
            _matches(action, value_at(each, kind)) and not _matches(action, value_at(each, but))
            for each in permissions
        )
        for action in actions
    )


def _matches(action: str, patterns: Any) -> bool:
    return any(fnmatchcase(action.lower(), str(each).lower()) for each in patterns or ())
