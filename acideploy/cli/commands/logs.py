"""`acideploy service get-logs`."""

from __future__ import annotations

from datetime import timedelta

import click

from acideploy.cli.command import command
from acideploy.cli.options import NAME, Duration, Option
from acideploy.cli.session import Session
from acideploy.errors import INTERRUPTED_EXIT_CODE

_ALL = 5000
_RECENT = 10


@command(
    "get-logs",
    NAME,
    Option(
        "--num-lines",
        "--num_lines",
        "-l",
        "--tail",
        type=click.IntRange(min=0),
        help=f"How many of the last lines: {_ALL}, or {_RECENT} with --follow.",
    ),
    Option(
        "--since",
        type=Duration(),
        help="Only lines that are no older, such as 10m; of a service in Azure.",
    ),
    Option("--follow", "-f", is_flag=True, help="Go on with new lines, until Ctrl-C."),
    Option("--previous", is_flag=True, help="The log of the run before this one."),
    Option("--init", "-i", is_flag=True, hidden=True),
)
def get_logs(
    session: Session,
    *,
    name: str,
    num_lines: int | None,
    since: timedelta | None,
    follow: bool,
    previous: bool,
    init: bool,
) -> None:
    """Print the log of a service on stdout, as it is."""
    if init:
        session.note(
            "unused-flag",
            "there is no init container any more: this is the log of the service",
            flag="--init",
        )
    if since and follow:
        raise click.UsageError("--since and --follow cannot be given together")
    if not follow:
        lines = _ALL if num_lines is None else num_lines
        text = session.workspace.logs(name, lines=lines, previous=previous, since=since)
        if previous and not text:
            session.note(
                "no-earlier-run",
                f"there is no log of an earlier run of {name}",
                flag="--previous",
            )
        elif not (text or since) and lines:
            message = f"service {name} has written nothing to its log yet"
            session.note("empty-log", message, flag="--name")
        click.echo(text, nl=bool(text) and not text.endswith("\n"))
        return
    lines = _RECENT if num_lines is None else num_lines
    try:
        for line in session.workspace.follow_logs(name, lines=lines):
            click.echo(line)
    except KeyboardInterrupt:
        session.exit_code = INTERRUPTED_EXIT_CODE
