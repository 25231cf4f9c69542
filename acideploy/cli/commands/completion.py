"""`acideploy completion`."""

from __future__ import annotations

import click

from acideploy.cli.command import command
from acideploy.cli.session import Session


@command("completion", click.Argument(["shell"], type=click.Choice(["bash", "zsh", "fish"])))
def completion(session: Session, *, shell: str) -> None:
    """Print the completion script for a shell.

    For bash: eval "$(acideploy completion bash)"
    """
    from acideploy.cli.completion import SCRIPTS

    click.echo(SCRIPTS[shell], nl=False)
