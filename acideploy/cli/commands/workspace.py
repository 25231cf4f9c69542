"""`acideploy workspace show` and `prune`."""

from __future__ import annotations

from collections.abc import Callable, Sized

from acideploy.cli import azure_shape, service_shapes
from acideploy.cli.command import command
from acideploy.cli.session import Session
from acideploy.errors import AcideployError


@command("show")
def show(session: Session) -> object:
    """Show where models and services are kept, and where each part of that was found."""
    workspace = session.workspace
    attachment = workspace.attachment
    azure = _in_azure(session)
    registry = (attachment.registry, attachment.origin) if attachment else azure.registry
    return {
        "name": azure.name or service_shapes.WORKSPACE_NAME,
        "kind": "azure" if azure.name else "registry" if attachment else "local",
        "directory": str(workspace.directory),
        "registry": registry[0],
        "registryFrom": registry[1],
        "azure": azure.parts,
        "azureFrom": azure.origins,
        "models": _count(session, workspace.list_models),
        "services": _count(session, workspace.list_services),
    }


def _in_azure(session: Session) -> azure_shape.Shown:
    """What there is; where it cannot be asked for, what was named, and why below all the rest."""
    workspace = session.workspace
    try:
        return azure_shape.found(workspace.azure) if workspace.azure else azure_shape.NOTHING
    except AcideployError as error:
        session.failure = error
    assert workspace.azure_choice is not None
    return azure_shape.named(workspace.azure_choice)


def _count(session: Session, found: Callable[[], Sized]) -> int | None:
    """How many there are; None where they cannot be had, which is told below all the rest."""
    if session.failure:
        return None
    try:
        return len(found())
    except AcideployError as error:
        session.failure = error
        return None


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
