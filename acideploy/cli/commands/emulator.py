"""`acideploy emulator start|stop|status|reset|env|logs|run`."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from acideploy.cli.command import command
from acideploy.cli.options import CONSENT, FILE, FOLDER, Option
from acideploy.cli.session import Session
from acideploy.clock import SystemClock
from acideploy.errors import INTERRUPTED_EXIT_CODE, EmulatorFailedError, NotFoundError
from acideploy.home import home

if TYPE_CHECKING:
    from acideploy.emulator.running import Running
    from acideploy.emulator.serve import Settings

_SLEEP = SystemClock().sleep
_NOT_FOUND_EXIT_CODE = 127

_STATE = Option(
    "--state",
    type=FOLDER,
    metavar="FOLDER",
    envvar="ACIDEPLOY_EMULATOR_STATE",
    help="Where the emulated cloud is kept.",
)
_START_OPTIONS = (
    _STATE,
    Option(
        "--port",
        type=click.IntRange(0, 65535),
        default=8443,
        show_default=True,
        help="Port of Resource Manager and of the sign-in; 0 is any. Others follow it.",
    ),
    Option("--host", default="127.0.0.1", metavar="ADDRESS", help="Address to listen on."),
    Option("--expose", is_flag=True, help="Allow an address that others can reach."),
    Option(
        "--speed",
        default="1",
        metavar="FACTOR|none",
        help="How fast time runs: 10 is ten times as fast, none never waits for Azure's delays.",
    ),
    Option("--engine", metavar="HOST", help="Where the container engine answers, as DOCKER_HOST."),
    Option("--no-engine", is_flag=True, help="Do everything but run containers."),
    Option(
        "--dns-suffix",
        metavar="NAME",
        help="End of the names of container groups, where a name server knows them.",
    ),
    Option("--faults", type=FILE, help="JSON file with rules for what shall go wrong."),
)


@command(
    "start",
    Option("--detach", "-d", is_flag=True, help="Return when it answers; it goes on by itself."),
    *_START_OPTIONS,
)
def start(session: Session, *, detach: bool, **given: Any) -> object:
    """Start Azure on this machine."""
    with _emulator():
        from acideploy.emulator import launch, serve

        settings = _settings(given)
        if detach:
            return _described(launch.start(settings, sleep=_SLEEP), settings.directory)
        serve.log_to_stderr()
        serve.serve(settings, ready=lambda running: _tell_ready(running, session))
    return None


@command("stop", _STATE)
def stop(session: Session, *, state: Path | None) -> object:
    """Stop it, and the containers it runs. What it knows is kept."""
    with _emulator():
        from acideploy.emulator import launch

        return {"stopped": launch.stop(_directory(state), sleep=_SLEEP)}


@command("status", _STATE)
def status(session: Session, *, state: Path | None) -> object:
    """Show whether it runs, and where it answers. Exit code 4 when it does not."""
    directory = _directory(state)
    with _emulator():
        from acideploy.emulator.running import find

        running = find(directory)
    if running is None:
        session.exit_code = NotFoundError.exit_code
        return {"running": False, "state": str(directory)}
    return _described(running, directory)


@command("reset", _STATE, CONSENT)
def reset(session: Session, *, state: Path | None) -> object:
    """Stop it, and forget everything in it."""
    directory = _directory(state)
    with _emulator():
        from acideploy.emulator import launch

        launch.stop(directory, sleep=_SLEEP)
        launch.reset(directory)
    return {"reset": str(directory)}


@command(
    "env",
    _STATE,
)
def env(session: Session, *, state: Path | None) -> object:
    """Print the variables that point clients at it, for a shell to read."""
    variables = _exports(_directory(state))
    if session.settings.output:
        return variables
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    return None


@command(
    "logs",
    _STATE,
    Option("--follow", "-f", is_flag=True, help="Go on with new lines, until Ctrl-C."),
)
def logs(session: Session, *, state: Path | None, follow: bool) -> None:
    """Print what a detached one was asked and what it answered."""
    with _emulator():
        from acideploy.emulator.running import log_path

        path = log_path(_directory(state))
    if not path.is_file():
        raise NotFoundError(
            f"there is no log at {path}", hint="acideploy emulator start --detach writes one"
        )
    with path.open(errors="replace") as log:
        try:
            while True:
                for line in log:
                    click.echo(line, nl=False)
                if not follow:
                    return
                _SLEEP(0.2)
        except KeyboardInterrupt:
            session.exit_code = INTERRUPTED_EXIT_CODE


@command(
    "run",
    click.Argument(["words"], nargs=-1, required=True, metavar="-- COMMAND..."),
    *_START_OPTIONS,
)
def run(session: Session, *, words: tuple[str, ...], **given: Any) -> None:
    """Run a command with it: started before, unless it runs already, and stopped after."""
    with _emulator():
        from acideploy.emulator import launch
        from acideploy.emulator.running import find

        settings = _settings(given)
        was_running = find(settings.directory) is not None
        if not was_running:
            launch.start(settings, sleep=_SLEEP)
        try:
            session.exit_code = _run(words, _exports(settings.directory))
        finally:
            if not was_running:
                launch.stop(settings.directory, sleep=_SLEEP)


def _run(words: tuple[str, ...], variables: dict[str, str]) -> int:
    try:
        process = subprocess.Popen(words, env={**os.environ, **variables})
    except OSError as error:
        raise NotFoundError(f"{words[0]} cannot be run: {error.strerror}") from error
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            # The command has had it too, and decides what becomes of it.
            continue
        return 128 - code if code < 0 else code


def _exports(directory: Path) -> dict[str, str]:
    with _emulator():
        from acideploy.emulator.exports import exports
        from acideploy.emulator.running import find

        running = find(directory)
        if running is None:
            raise NotFoundError(
                "the emulator is not running", hint="acideploy emulator start --detach"
            )
        return exports(running, directory, os.environ)


def _tell_ready(running: Running, session: Session) -> None:
    if not session.settings.only_show_errors:
        print(
            f"Azure answers at {running.url} (Ctrl-C ends it)\n"
            '  in another shell: eval "$(acideploy emulator env)"',
            file=sys.stderr,
            flush=True,
        )


def _described(running: Running, directory: Path) -> dict[str, object]:
    from acideploy.emulator.cloud import SUBSCRIPTION, TENANT

    return {
        "running": True,
        "url": running.url,
        "registry": running.registry,
        "engine": running.engine,
        "speed": running.speed,
        "tenantId": TENANT,
        "subscriptionId": SUBSCRIPTION,
        "state": str(directory),
        "pid": running.pid,
    }


def _settings(given: dict[str, Any]) -> Settings:
    from acideploy.emulator.serve import Settings

    directory, exposed = _directory(given.pop("state")), given.pop("expose")
    settings = Settings(directory=directory, exposed=exposed, **given)
    if settings.faults:
        settings = replace(settings, faults=settings.faults.absolute())
    return settings


def _directory(state: Path | None) -> Path:
    return state.absolute() if state else home() / "emulator"


@contextlib.contextmanager
def _emulator() -> Iterator[None]:
    """Its failures as failures of this program; it knows nothing of those."""
    try:
        import starlette  # noqa: F401

        from acideploy.emulator.errors import EmulatorError
    except ImportError as error:
        raise EmulatorFailedError(
            f"the emulator needs {error.name}, which is not installed",
            hint="pip install 'acideploy[emulator]'",
        ) from error
    try:
        yield
    except EmulatorError as error:
        raise EmulatorFailedError(str(error), hint=error.hint) from error
