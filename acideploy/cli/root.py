"""The root command, and the one place where failures become exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from acideploy.cli import failure
from acideploy.cli.groups import LazyGroup
from acideploy.cli.session import OpenWorkspace, open_workspace
from acideploy.cli.table import COMMANDS
from acideploy.errors import INTERRUPTED_EXIT_CODE, AcideployError, StorageError

PROGRAM = "acideploy"

# What a shell reports for a program whose reader went away.
_BROKEN_PIPE_EXIT_CODE = 141

# Set by the completion scripts.
COMPLETE_VARIABLE = "_ACIDEPLOY_COMPLETE"


def _print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"{PROGRAM} {version('acideploy')}")
        ctx.exit()


root = LazyGroup(
    PROGRAM,
    "Put a machine-learning model behind a URL: the files and the flags of `az ml model deploy`.",
    COMMANDS,
)
root.params.append(
    click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_print_version,
        help="Show the version.",
    )
)


def run(arguments: Sequence[str], *, opener: OpenWorkspace = open_workspace) -> int:
    """Runs one command line; returns the exit code."""
    if instruction := os.environ.get(COMPLETE_VARIABLE):
        from acideploy.cli.completion import complete

        return complete(root, instruction)
    try:
        code = _invoke(arguments, opener)
        sys.stdout.flush()
        return code
    except click.ClickException as error:
        return failure.tell_usage(error)
    except AcideployError as error:
        if "--debug" in arguments:
            failure.show_traceback(error)
        return failure.tell(error)
    except KeyboardInterrupt:
        failure.tell_interrupted(_command(arguments))
        return INTERRUPTED_EXIT_CODE
    except BrokenPipeError:
        _silence_stdout()
        return _BROKEN_PIPE_EXIT_CODE
    except OSError as error:
        _silence_stdout()
        where = error.filename or "standard output"
        return failure.tell(StorageError(f"{where} cannot be read or written: {error.strerror}"))


def _invoke(arguments: Sequence[str], opener: OpenWorkspace) -> int:
    try:
        with root.make_context(PROGRAM, list(arguments), obj=opener) as context:
            root.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    return 0


def _command(arguments: Sequence[str]) -> str:
    """The words before the first option: `acideploy model deploy`."""
    words = [PROGRAM]
    for argument in arguments[:2]:
        if argument.startswith("-"):
            break
        words.append(argument)
    return " ".join(words)


def _silence_stdout() -> None:
    """Keeps Python from complaining once more when it flushes stdout at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
