"""`acideploy workspace show` and `prune`."""

from __future__ import annotations

from acideploy.cli import shapes
from acideploy.cli.command import command
from acideploy.cli.session import Session


@command("show")
def show(session: Session) -> object:
    """Show where models and services are kept."""
    attachment = session.workspace.attachment
    return {
        "name": shapes.WORKSPACE_NAME,
        "kind": "registry" if attachment else "local",
        "directory": str(session.workspace.directory),
        "registry": attachment.registry if attachment else None,
        "registryFrom": attachment.origin if attachment else None,
        "models": len(session.workspace.list_models()),
        "services": len(session.workspace.list_services()),
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
