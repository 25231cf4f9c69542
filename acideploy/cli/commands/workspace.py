"""`acideploy workspace show` and `prune`."""

from __future__ import annotations

from acideploy.cli import azure_shape, service_shapes
from acideploy.cli.command import command
from acideploy.cli.session import Session


@command("show")
def show(session: Session) -> object:
    """Show where models and services are kept, and where each part of that was found."""
    workspace = session.workspace
    azure, attachment = workspace.azure, workspace.attachment
    found = azure_shape.found(azure) if azure else None
    origins = azure_shape.origins(azure) if azure else None
    named = {"registry": attachment.registry} if attachment else found or {}
    named_from = {"registry": attachment.origin} if attachment else origins or {}
    return {
        "name": azure_shape.name(azure) if azure else service_shapes.WORKSPACE_NAME,
        "kind": "azure" if azure else "registry" if attachment else "local",
        "directory": str(workspace.directory),
        "registry": named.get("registry"),
        "registryFrom": named_from.get("registry"),
        "azure": found,
        "azureFrom": origins,
        "models": len(workspace.list_models()),
        "services": len(workspace.list_services()),
    }


@command("prune")
def prune(session: Session) -> object:
    """Remove the environments and images that no service uses."""
    removed = session.workspace.prune()
    sizes = (removed.environments, removed.images, removed.stored)
    return {
        "environments": [
            {"digest": digest, "bytes": size} for digest, size in removed.environments.items()
        ],
        "images": [{"name": name, "bytes": size} for name, size in removed.images.items()],
        "stored": [{"name": name, "bytes": size} for name, size in removed.stored.items()],
        "bytes": sum(sum(each.values()) for each in sizes),
    }
