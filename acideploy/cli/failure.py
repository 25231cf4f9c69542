"""Failures on stderr, and the exit code of each."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

import click
from click.exceptions import NoArgsIsHelpError

from acideploy.cli.problems import described, relative, shown
from acideploy.cli.terminal import colourful
from acideploy.cli.usage import WrongUsage
from acideploy.errors import AcideployError, ConfigurationError

USAGE_EXIT_CODE = 2


def tell(error: AcideployError) -> int:
    """Shows what went wrong, with everything known about it; returns the exit code."""
    if isinstance(error, ConfigurationError):
        for problem in error.problems:
            _line(described(problem, colour=colourful("stderr")))
    # A log is long: what matters stands below it.
    if error.detail:
        _line(error.detail.rstrip("\n"))
    place = error.place and relative(error.place)
    _headline(f"{error.message} at {place}" if place else error.message)
    if place and place.text is not None:
        _line("\n".join(shown(place)))
    _hint(error.hint)
    return error.exit_code


def tell_usage(error: click.ClickException) -> int:
    """Shows what is wrong with the command line; returns the exit code."""
    if isinstance(error, NoArgsIsHelpError):
        _line(error.format_message())
        return USAGE_EXIT_CODE
    message = error.format_message().rstrip(".")
    _headline(message[:1].lower() + message[1:])
    if isinstance(error, WrongUsage) and error.hint:
        _hint(error.hint)
    elif isinstance(error, click.UsageError) and error.ctx is not None:
        _hint(f"{error.ctx.command_path} --help")
    return USAGE_EXIT_CODE


def tell_interrupted(command: str) -> None:
    _headline(f"{command} was interrupted")
    _hint("run the same command again: it goes on from where it was")


def show_traceback(error: BaseException) -> None:
    _line("".join(traceback.format_exception(error)).rstrip())


def apologise(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Shows the traceback of a bug: for `sys.excepthook`."""
    if issubclass(kind, KeyboardInterrupt):
        return
    show_traceback(error.with_traceback(trace))
    _headline("that is a bug in acideploy, sorry")
    _hint("please report the lines above, with the command and its files, to acideploy's makers")


def _headline(message: str) -> None:
    head = "acideploy: error:"
    _line(f"{click.style(head, fg='red') if colourful('stderr') else head} {message}")


def _hint(text: str | None) -> None:
    if text:
        _line(f"hint: {text}")


def _line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
