"""`acideploy folder attach`."""

from __future__ import annotations

from pathlib import Path

from acideploy.cli.command import command
from acideploy.cli.options import Option
from acideploy.cli.session import Session
from acideploy.cli.usage import WrongUsage
from acideploy.errors import UnsupportedError


@command(
    "attach",
    Option("--experiment-name", "-e", hidden=True),
    examples=["acideploy folder attach --registry contoso.azurecr.io"],
)
def attach(session: Session, *, experiment_name: str | None) -> object:
    """Tie a folder to a registry: models and images are kept there."""
    from acideploy.attachment import attach

    registry = session.settings.registry
    if registry is None:
        if session.settings.azure:
            raise UnsupportedError(
                "Azure workspaces cannot be attached yet, only registries",
                hint="acideploy folder attach --registry HOST",
            )
        raise WrongUsage("missing option '--registry'", hint="--registry contoso.azurecr.io")
    file = attach(session.settings.path or Path(), registry)
    return {"registry": registry, "file": str(file)}
