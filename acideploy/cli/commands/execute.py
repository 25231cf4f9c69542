"""`acideploy service exec`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

import click

from acideploy.cli.command import command
from acideploy.cli.options import NAME
from acideploy.cli.session import Session


@command(
    "exec",
    NAME,
    click.Argument(["words"], nargs=-1, required=True, metavar="-- COMMAND..."),
    examples=["acideploy service exec -n iris-svc -- ls -l /var/azureml-app"],
)
def execute(session: Session, *, name: str, words: Sequence[str]) -> None:
    """Run a command in the container of a service in Azure; its exit code is this one's, too."""
    from acideploy.targets import Terminal

    def write(said: bytes) -> None:
        sys.stdout.flush()
        sys.stdout.buffer.write(said)
        sys.stdout.buffer.flush()

    size = shutil.get_terminal_size((80, 24))
    terminal = Terminal(rows=size.lines, columns=size.columns, write=write)
    session.exit_code = session.workspace.execute(name, words, terminal)
