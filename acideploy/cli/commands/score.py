"""`acideploy service run`."""

from __future__ import annotations

import json
import os

import click

from acideploy.cli.command import command
from acideploy.cli.options import NAME, AtFile, Option
from acideploy.cli.session import Session
from acideploy.errors import ScoringError, StorageError

# What every format can show: their writers call themselves for each level.
_DEEPEST = 100


@command(
    "run",
    NAME,
    Option("--input-data", "-d", type=AtFile(), help="What to send; @FILE sends a file."),
    examples=[
        "acideploy service run -n svc -d '{\"data\": [[1, 2, 3, 4]]}'",
        "acideploy service run -n svc -d @sample.json --query result",
    ],
)
def score(session: Session, *, name: str, input_data: str | None) -> object:
    """Send a scoring request to a service and print its answer.

    An answer that is not JSON is printed as it is.
    """
    answer = session.workspace.score(name, _body(session, input_data or ""))
    if not 200 <= answer.status < 300:
        cause = f": {answer.cause}" if answer.cause else ""
        raise ScoringError(
            f"{name} answered with status {answer.status}{cause}",
            place=answer.place,
            detail=answer.body.decode(errors="replace"),
            hint=f"acideploy service get-logs -n {name} -l 50",
        )
    parsed = _parsed(answer.body)
    if parsed is None:
        click.echo(answer.body, nl=not answer.body.endswith(b"\n"))
    return parsed


def _parsed(body: bytes) -> object:
    """The answer, or None for null and for what no format can show."""
    try:
        parsed: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return None if _depth(parsed) > _DEEPEST else parsed


def _depth(value: object) -> int:
    """How many lists and objects stand inside each other."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, list | dict)]:
        depth += 1
        level = [
            inner for each in level for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return depth


def _body(session: Session, text: str) -> bytes:
    """The bytes to send. Raises StorageError for a file that cannot be read."""
    if text.startswith("@") and len(text) > 1:
        name = text[1:]
        reason = "cannot be read: Is a directory" if os.path.isdir(name) else "cannot be read"
        raise StorageError(
            f"{name} {reason if os.path.exists(name) else 'does not exist'}",
            hint="-d @FILE sends the file, -d @- standard input",
        )
    if os.path.isfile(text):
        message = f"{text} is a file: -d @{text} sends its content"
        session.note("file-name-as-text", message, flag="--input-data")
    return text.encode(errors="surrogateescape")
