"""`acideploy init`."""

from __future__ import annotations

from pathlib import Path

import click

from acideploy.cli.command import command
from acideploy.cli.options import FOLDER
from acideploy.cli.session import Session


@command(
    "init", click.Argument(["directory"], type=FOLDER), examples=["acideploy init iris-service"]
)
def init(session: Session, *, directory: Path) -> dict[str, object]:
    """Make a folder with a small model, its entry script and both configuration files.

    What it makes deploys as it stands. Nothing that exists is touched.
    """
    from acideploy import scaffold

    files = scaffold.create(directory)
    return {"directory": str(directory), "files": [str(file) for file in files]}
