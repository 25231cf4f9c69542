"""`acideploy folder attach`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from acideploy.cli import azure_shape
from acideploy.cli.command import command
from acideploy.cli.options import Option
from acideploy.cli.session import Session
from acideploy.cli.usage import WrongUsage

_PARTS = (
    Option("--location", metavar="REGION", help="Where services run."),
    Option("--key-vault", metavar="NAME|ID|URL", help="Key Vault for the keys of services."),
    Option("--application-insights", metavar="NAME|ID", help="Where services report to."),
    Option("--storage", metavar="NAME|ID", help="Storage account with registered models."),
    Option("--pull-identity", metavar="NAME|ID", help="User-assigned identity that pulls images."),
)


@command(
    "attach",
    *_PARTS,
    Option("--experiment-name", "-e", hidden=True),
    examples=[
        "acideploy folder attach -w myworkspace -g mygroup",
        "acideploy folder attach -g mygroup --registry contoso.azurecr.io --location westeurope",
        "acideploy folder attach --registry contoso.azurecr.io",
    ],
)
def attach(session: Session, *, experiment_name: str | None, **parts: str | None) -> object:
    """Tie a folder to a workspace in Azure, or its models and images to a registry."""
    from acideploy.attachment_file import attach, find_file

    settings = session.settings
    named = {**settings.azure, **{part: value for part, value in parts.items() if value}}
    written = {"registry": settings.registry} if settings.registry else {}
    if named:
        written |= _checked(session, named)
    if not written:
        raise WrongUsage(
            "nothing to attach to is named",
            hint="-w WORKSPACE -g GROUP, or --registry contoso.azurecr.io",
        )
    file = attach(settings.path or Path(), written)
    # What the file said before of the same workspace holds, too.
    known = find_file(file)
    return {**azure_shape.parts(known.parts if known else written), "file": str(file)}


def _checked(session: Session, named: Mapping[str, str]) -> dict[str, str]:
    """What is named of a workspace, and what tells it from others; nothing where none is named.

    Raises NotFoundError where there is no such Azure ML workspace.
    """
    workspace = session.open(named)
    choice = workspace.azure_choice
    if choice is None:
        return {}
    if choice.workspace_name is not None:
        # This asks for it: what is not there is not written down.
        _ = workspace.azure
    pinned = {
        "subscription": choice.subscription,
        "resource_group": choice.resource_group,
        "workspace_name": choice.workspace_name,
    }
    return {**named, **{part: value for part, value in pinned.items() if value}}
