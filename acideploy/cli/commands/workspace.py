"""`acideploy workspace show`."""

from __future__ import annotations

from acideploy.cli import shapes
from acideploy.cli.command import command
from acideploy.cli.session import Session


@command("show")
def show(session: Session) -> object:
    """Show where models and services are kept."""
    return {
        "name": shapes.WORKSPACE_NAME,
        "kind": "local",
        "directory": str(session.workspace.directory),
        "models": len(session.workspace.list_models()),
        "services": len(session.workspace.list_services()),
    }
