"""Flags of the retired tool that say nothing here, taken so that old command lines go on."""

from __future__ import annotations

from collections.abc import Mapping

import click

from acideploy.cli.options import Option
from acideploy.cli.session import Session

RESOURCES = (
    Option("--cpu-cores", "--cc", type=click.FLOAT, hidden=True),
    Option("--memory-gb", "--gb", type=click.FLOAT, hidden=True),
    Option("--gpu-cores", "--gc", type=click.INT, hidden=True),
)
SAMPLES = (
    Option("--sample-input-dataset-id", hidden=True),
    Option("--sample-output-dataset-id", hidden=True),
)


def note_unused(session: Session, given: Mapping[str, object]) -> None:
    """Tells of each flag that was given in vain."""
    for name, value in given.items():
        if value is not None and value is not False:
            flag = f"--{name.replace('_', '-')}"
            session.note("unused-flag", f"{flag} has no use any more, and is ignored", flag=flag)
