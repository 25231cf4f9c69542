"""`acideploy environment`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from acideploy.cli import environment_shapes
from acideploy.cli.command import command
from acideploy.cli.commands.files import (
    FULL_AZUREML,
    INFERENCE_FILES,
    NO_CONDA,
    configuration_files,
)
from acideploy.cli.options import FILE, STRICT, Option
from acideploy.cli.session import Session
from acideploy.cli.usage import WrongUsage
from acideploy.errors import ConflictError


@command(
    "lock",
    Option(
        "--output-file",
        "--of",
        type=FILE,
        default="pylock.toml",
        show_default=True,
        help="The file to write.",
    ),
    Option("--check", is_flag=True, help="Write nothing; fail where the file would change."),
    STRICT,
    *(option for option in INFERENCE_FILES if "--lock" not in option.opts),
    examples=[
        "acideploy environment lock -ic inferenceconfig.json",
        "acideploy environment lock -ic inferenceconfig.json --check",
    ],
)
def lock(
    session: Session,
    *,
    output_file: Path,
    check: bool,
    inference_config_file: Path | None,
    strict: bool,
    **flags: Any,
) -> object:
    """Write down every package that the environment comes to, with its hash.

    `--lock` of `model deploy` and `model package` then installs just that. A file that is there is
    brought up to date, and what changed is printed on stderr.
    """
    files = configuration_files(session, inference_config_file, None, flags, strict=strict)
    locked = session.workspace.lock_environment(files, output_file, write=not check)
    for line in locked.changes or ():
        click.echo(line, err=True)
    if not locked.written:
        raise ConflictError(
            f"{output_file} is not what the environment comes to today",
            hint="write it with `acideploy environment lock`",
        )
    return environment_shapes.locked(locked)


@command(
    "upgrade",
    Option("--conda-file", "--cf", type=FILE, required=True, help="The conda file."),
    Option(
        "--python",
        metavar="VERSION",
        help="The Python to find versions for; else the one asked for, or the nearest newer one.",
    ),
    NO_CONDA,
    FULL_AZUREML,
    Option("--output-file", "--of", type=FILE, help="Write the new file there."),
    Option("--write", is_flag=True, help="Write the new file over the old one."),
    table=environment_shapes.upgraded_rows,
    examples=[
        "acideploy environment upgrade --conda-file conda.yml",
        "acideploy environment upgrade --conda-file conda.yml --python 3.10 --write",
    ],
)
def upgrade(
    session: Session,
    *,
    conda_file: Path,
    python: str | None,
    no_conda: bool,
    full_azureml: bool,
    output_file: Path | None,
    write: bool,
) -> object:
    """Propose a conda file that can be resolved today, and show the difference.

    What can be kept is kept, comments and layout too; where a version cannot be had, the nearest
    one that works is taken. Why each line changes is printed on stderr. Nothing is written without
    `--write` or `--output-file`.
    """
    from acideploy.environment_upgrade import UpgradeRequest

    if write and output_file:
        raise WrongUsage("--write and --output-file cannot be given together", hint="use one")
    request = UpgradeRequest(
        conda_file=conda_file,
        output=conda_file if write else output_file,
        python=python,
        no_conda=no_conda,
        full_azureml=full_azureml,
    )
    upgraded = session.workspace.upgrade_environment(request)
    for line in environment_shapes.upgraded_text(upgraded):
        click.echo(line, err=True)
    if session.settings.output or session.settings.query:
        return environment_shapes.upgraded(upgraded)
    click.echo(upgraded.difference, nl=False)
    return None
