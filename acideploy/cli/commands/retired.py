"""Commands of the retired tool with nothing to do here: flags are read, the answer is one line."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import click

from acideploy.cli.command import Command, command
from acideploy.cli.commands.files import INFERENCE_FILES
from acideploy.cli.options import FILE, METADATA_FILES, MODELS, NAME, Option
from acideploy.cli.session import Session
from acideploy.errors import UnsupportedError


def _retired(name: str, *options: Option) -> Callable[[Callable[..., object]], Command]:
    """A command whose own options help does not show."""
    hidden = [copy(option) for option in options]
    for option in hidden:
        option.hidden = True
    return command(name, *hidden)


@_retired("get-access-token", NAME)
def get_access_token(session: Session, **flags: Any) -> None:
    """No longer exists: services are called with keys."""
    raise UnsupportedError(
        "services take keys, not access tokens, which only AKS had",
        hint=f"acideploy service get-keys -n {flags['name']}",
    )


@_retired(
    "profile",
    Option("--name", "-n"),
    MODELS,
    METADATA_FILES,
    *INFERENCE_FILES,
    Option("--cpu-cores", "--cc", type=click.FLOAT),
    Option("--memory-in-gb", "--gb", type=click.FLOAT),
    Option("--input-dataset-id", "--idi"),
    Option("--description"),
    Option("--output-metadata-file", "-t", type=FILE),
)
def profile(session: Session, **flags: Any) -> None:
    """No longer exists: profiling was a service of Azure ML."""
    raise UnsupportedError(
        "models are not profiled any more: that was a service of Azure ML",
        hint="deploy with computeType local, and watch the process that service show -v names",
    )
