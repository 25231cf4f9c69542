"""`acideploy service run`."""

from __future__ import annotations

import json

import click

from acideploy.cli.command import command
from acideploy.cli.options import NAME, AtFile, Option
from acideploy.cli.session import Session
from acideploy.errors import NotFoundError, ScoringError


@command(
    "run",
    NAME,
    Option("--input-data", "-d", type=AtFile(), help="What to send; @FILE sends a file."),
)
def score(session: Session, *, name: str, input_data: str | None) -> object:
    """Send a scoring request to a service and print its answer.

    An answer that is not JSON is printed as it is.
    """
    answer = session.workspace.score(name, _body(input_data))
    if not 200 <= answer.status < 300:
        raise ScoringError(
            f"{name} answered with status {answer.status}",
            detail=answer.body.decode(errors="replace"),
            hint=f"acideploy service get-logs -n {name} -l 50",
        )
    try:
        parsed: object = json.loads(answer.body)
        return parsed
    except ValueError:
        click.echo(answer.body, nl=not answer.body.endswith(b"\n"))
        return None


def _body(text: str | None) -> bytes:
    """The bytes to send. Raises NotFoundError for a file that is not there."""
    if text and text.startswith("@") and len(text) > 1:
        raise NotFoundError(
            f"{text[1:]} cannot be read", hint="-d @FILE sends the file, -d @- standard input"
        )
    return (text or "").encode(errors="surrogateescape")
