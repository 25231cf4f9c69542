"""`acideploy check`: everything that can be known before anything is made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from acideploy.cli.command import command
from acideploy.cli.commands.files import FILES, configuration_files
from acideploy.cli.options import MODELS, STRICT
from acideploy.cli.problems import as_json, counted, described
from acideploy.cli.session import Session
from acideploy.cli.terminal import colourful
from acideploy.errors import ConfigurationError


@command(
    "check",
    MODELS,
    *FILES,
    STRICT,
    examples=[
        "acideploy check -ic inferenceconfig.json -dc deploymentconfig.json",
        "acideploy check -ic inferenceconfig.json --strict -o json",
    ],
)
def check(
    session: Session,
    *,
    inference_config_file: Path | None,
    deploy_config_file: Path | None,
    model: Sequence[str],
    strict: bool,
    **flags: Any,
) -> object:
    """Show every problem of the configuration files, the entry script and the conda file.

    Text on stdout, or a list of objects with -o. The exit code is 3 where something is wrong, and
    0 where there are warnings at most.
    """
    files = configuration_files(
        session, inference_config_file, deploy_config_file, flags, strict=strict
    )
    problems = session.workspace.check(files, models=model)
    failing = ("error", "warning") if strict else ("error",)
    if any(problem.severity in failing for problem in problems):
        session.exit_code = ConfigurationError.exit_code
    if session.settings.output or session.settings.query:
        return as_json(problems)
    for problem in problems:
        click.echo(described(problem, colour=colourful("stdout")))
    click.echo(counted(problems))
    return None
