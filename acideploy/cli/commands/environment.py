"""`acideploy environment`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from acideploy.cli import shapes
from acideploy.cli.command import command
from acideploy.cli.commands.files import INFERENCE_FILES, configuration_files
from acideploy.cli.options import FILE, STRICT, Option
from acideploy.cli.session import Session
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
    return shapes.locked(locked)
