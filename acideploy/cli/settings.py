"""What every command takes: az's global options, and those that name a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import click

from acideploy.cli.options import FILE_OR_FOLDER, Option

FORMATS = ("json", "jsonc", "yaml", "yamlc", "table", "tsv", "none")
PROGRESS = ("auto", "live", "plain", "json", "quiet")

_GLOBAL = "Global options"
_WORKSPACE = "Workspace options"

OPTIONS = (
    Option("--workspace-name", "-w", group=_WORKSPACE, help="Azure ML workspace."),
    Option("--resource-group", "-g", group=_WORKSPACE, help="Its resource group."),
    Option("--subscription-id", group=_WORKSPACE, help="Its subscription."),
    Option(
        "--path", type=FILE_OR_FOLDER, group=_WORKSPACE, help="Folder with .azureml/config.json."
    ),
    Option(
        "--registry",
        metavar="HOST",
        group=_WORKSPACE,
        help="Registry for models and images, such as contoso.azurecr.io.",
    ),
    Option("-v", "full", is_flag=True, group=_GLOBAL, help="Show the full result."),
    Option(
        "--output",
        "-o",
        type=click.Choice(FORMATS, case_sensitive=False),
        group=_GLOBAL,
        help="Format of the result.",
    ),
    Option("--query", metavar="JMESPATH", group=_GLOBAL, help="Part of the result to show."),
    Option(
        "--progress",
        type=click.Choice(PROGRESS, case_sensitive=False),
        default="auto",
        group=_GLOBAL,
        help="How progress looks on stderr.",
    ),
    Option("--only-show-errors", is_flag=True, group=_GLOBAL, help="No progress, no warnings."),
    Option("--verbose", is_flag=True, group=_GLOBAL, help="Show what tools and services say."),
    Option("--debug", is_flag=True, group=_GLOBAL, help="Show the traceback of an error."),
    Option("--subscription", group=_GLOBAL, help="Azure subscription."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values of `OPTIONS`.

    `azure` has those that name a workspace in Azure, by the fields of AzureChoice.
    """

    output: str | None = None
    query: str | None = None
    progress: str = "auto"
    full: bool = False
    only_show_errors: bool = False
    verbose: bool = False
    debug: bool = False
    registry: str | None = None
    path: Path | None = None
    azure: Mapping[str, str] = field(default_factory=dict)

    @property
    def table(self) -> bool:
        """Whether a table is asked for, whose columns are ours to choose."""
        return self.output == "table" and self.query is None

    @property
    def tabular(self) -> bool:
        """Whether it is that, or a table for programs."""
        return self.table or (self.output == "tsv" and self.query is None)


def take(parameters: dict[str, Any]) -> Settings:
    """Removes the values of `OPTIONS` from a command's parameters and returns them."""
    taken = {str(option.name): parameters.pop(str(option.name)) for option in OPTIONS}
    known = {field.name for field in fields(Settings)}
    return Settings(
        azure=_azure(taken), **{name: value for name, value in taken.items() if name in known}
    )


def _azure(taken: Mapping[str, str | None]) -> dict[str, str]:
    named = {
        "subscription": taken["subscription_id"] or taken["subscription"],
        "resource_group": taken["resource_group"],
        "workspace_name": taken["workspace_name"],
    }
    return {part: value for part, value in named.items() if value}
