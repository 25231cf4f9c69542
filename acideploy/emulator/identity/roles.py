"""The built-in roles that have to do with what the emulator has."""

from __future__ import annotations

from fnmatch import fnmatchcase

from acideploy.emulator.cloud import SUBSCRIPTION
from acideploy.emulator.store import Document

# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
_ROLES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "Owner": ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", ("*",), ()),
    "Contributor": ("b24988ac-6180-42a0-ab88-20f7382dd24c", ("*",), ()),
    "Reader": ("acdd72a7-3385-48ef-bd42-f606fba81ae7", ("*/read",), ()),
    "User Access Administrator": (
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        ("*/read", "Microsoft.Authorization/*"),
        (),
    ),
    "AcrPull": (
        "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        ("Microsoft.ContainerRegistry/registries/pull/read",),
        (),
    ),
    "AcrPush": (
        "8311e382-0749-4cb8-b61a-304f252e45ec",
        (
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        ),
        (),
    ),
    "AcrDelete": (
        "c2f4ef07-c644-48eb-af81-4b1b4947fb11",
        ("Microsoft.ContainerRegistry/registries/artifacts/delete",),
        (),
    ),
    "Key Vault Administrator": (
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        ("Microsoft.KeyVault/vaults/*/read",),
        ("Microsoft.KeyVault/vaults/*",),
    ),
    "Key Vault Secrets Officer": (
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        ("Microsoft.KeyVault/vaults/*/read",),
        ("Microsoft.KeyVault/vaults/secrets/*",),
    ),
    "Key Vault Secrets User": (
        "4633458b-17de-408a-b874-0445c86b69e6",
        (),
        (
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ),
    ),
    "Storage Blob Data Contributor": (
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        ("Microsoft.Storage/storageAccounts/blobServices/containers/*",),
        ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*",),
    ),
    "Storage Blob Data Reader": (
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        ("Microsoft.Storage/storageAccounts/blobServices/containers/read",),
        ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",),
    ),
    "Managed Identity Operator": (
        "f1a07417-d97a-45cb-824c-7a7467783830",
        ("Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",),
        (),
    ),
    "AzureML Data Scientist": (
        "f6c7c914-8db3-469d-8ca1-694a8f32e121",
        ("Microsoft.MachineLearningServices/workspaces/*",),
        (),
    ),
}
_VAULTS = (
    " Only works for key vaults that use the 'Azure role-based access control' permission model."
)
_DESCRIPTIONS = {
    "Owner": "Grants full access to manage all resources, including the ability to assign roles "
    "in Azure RBAC.",
    "Contributor": "Grants full access to manage all resources, but does not allow you to assign "
    "roles in Azure RBAC, manage assignments in Azure Blueprints, or share image galleries.",
    "Reader": "View all resources, but does not allow you to make any changes.",
    "User Access Administrator": "Lets you manage user access to Azure resources.",
    "AcrPull": "acr pull",
    "AcrPush": "acr push",
    "AcrDelete": "acr delete",
    "Key Vault Administrator": "Perform all data plane operations on a key vault and all objects "
    "in it, including certificates, keys, and secrets. Cannot manage key vault resources or "
    "manage role assignments." + _VAULTS,
    "Key Vault Secrets Officer": "Perform any action on the secrets of a key vault, except manage "
    "permissions." + _VAULTS,
    "Key Vault Secrets User": "Read secret contents." + _VAULTS,
    "Storage Blob Data Contributor": "Allows for read, write and delete access to Azure Storage "
    "blob containers and data",
    "Storage Blob Data Reader": "Allows for read access to Azure Storage blob containers and data",
    "Managed Identity Operator": "Read and Assign User Assigned Identity",
    "AzureML Data Scientist": "Can perform all actions within an Azure Machine Learning workspace, "
    "except for creating or deleting compute resources and modifying the workspace itself.",
}
_NOT_ACTIONS = {
    "Contributor": (
        "Microsoft.Authorization/*/Delete",
        "Microsoft.Authorization/*/Write",
        "Microsoft.Authorization/elevateAccess/Action",
        "Microsoft.Blueprint/blueprintAssignments/write",
        "Microsoft.Blueprint/blueprintAssignments/delete",
        "Microsoft.Compute/galleries/share/action",
    ),
}


def _definition(title: str) -> Document:
    name, actions, data_actions = _ROLES[title]
    return {
        "properties": {
            "roleName": title,
            "type": "BuiltInRole",
            "description": _DESCRIPTIONS[title],
            "assignableScopes": ["/"],
            "permissions": [
                {
                    "actions": list(actions),
                    "notActions": list(_NOT_ACTIONS.get(title, ())),
                    "dataActions": list(data_actions),
                    "notDataActions": [],
                }
            ],
            "createdOn": "2015-02-02T21:55:09.8806423Z",
            "updatedOn": "2023-10-01T00:00:00.0000000Z",
            "createdBy": None,
            "updatedBy": None,
        },
        "id": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization"
        f"/roleDefinitions/{name}",
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": name,
    }


def allows(role: str, action: str) -> bool:
    """True when a built-in role, by its name (a GUID), has an action of the control plane."""
    return any(
        fnmatchcase(action.lower(), pattern.lower())
        for name, patterns, _ in _ROLES.values()
        if name == role.lower()
        for pattern in patterns
    )


BUILT_IN = tuple(_definition(title) for title in _ROLES)
