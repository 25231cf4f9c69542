"""The process that is the emulator, from its first second to its last."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from acideploy.emulator.aci.engine import find_engine
from acideploy.emulator.clock import Clock, ManualClock, ScaledClock
from acideploy.emulator.emulator import Emulator
from acideploy.emulator.errors import EmulatorError
from acideploy.emulator.faults import Rule, read_rule
from acideploy.emulator.running import Running, announce, claimed

NO_DELAYS = "none"
MANUAL = "manual"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How an emulator is started. `speed` is a factor, `none` (no delays) or `manual`.

    `engine` is where the container engine answers; None: the first that does. `exposed` allows an
    address that is not loopback.
    """

    directory: Path
    host: str = "127.0.0.1"
    exposed: bool = False
    port: int = 8443
    speed: str = "1"
    engine: str | None = None
    no_engine: bool = False
    dns_suffix: str | None = None
    faults: Path | None = None


def serve(settings: Settings, *, ready: Callable[[Running], None]) -> None:
    """Runs an emulator until SIGINT or SIGTERM. Calls `ready` when it answers.

    Raises EmulatorError when it cannot be started.
    """
    _check_host(settings)
    clock = _clock(settings.speed)
    rules = _rules(settings.faults)
    with claimed(settings.directory):
        emulator = Emulator(
            settings.directory,
            clock=clock,
            host=settings.host,
            port=settings.port,
            engine=_engine(settings),
            dns_suffix=settings.dns_suffix,
            seeded=True,
        )
        for rule in rules:
            emulator.cloud.faults.add(rule)
        asyncio.run(_serve(emulator, settings, ready))


async def _serve(emulator: Emulator, settings: Settings, ready: Callable[[Running], None]) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with emulator:
        running = Running(
            pid=os.getpid(),
            url=emulator.cloud.url,
            speed=settings.speed,
            engine=emulator.engine,
            registry=emulator.registry,
            client_secret=emulator.cloud.client_secret,
        )
        announce(settings.directory, running)
        ready(running)
        await ended.wait()


def _check_host(settings: Settings) -> None:
    try:
        address = ipaddress.ip_address(settings.host)
    except ValueError as error:
        raise EmulatorError(
            f"{settings.host!r} is no address", hint="acideploy emulator start --host 127.0.0.1"
        ) from error
    if not address.is_loopback and not settings.exposed:
        raise EmulatorError(
            f"{settings.host} can be reached by others, who could run containers on this machine",
            hint="say it twice if it is meant: "
            f"acideploy emulator start --host {settings.host} --expose",
        )


def _engine(settings: Settings) -> str | None:
    if settings.no_engine:
        return None
    variables = {"DOCKER_HOST": settings.engine} if settings.engine else os.environ
    found = find_engine(variables)
    if found.host is None:
        raise EmulatorError(
            found.reason,
            hint="start Docker or Podman; or acideploy emulator start --no-engine, which does "
            "everything but run containers",
        )
    return found.host


def _clock(speed: str) -> Clock:
    if speed == NO_DELAYS:
        return ScaledClock(None)
    if speed == MANUAL:
        return ManualClock(ScaledClock().now())
    with contextlib.suppress(ValueError):
        if 0 < (factor := float(speed)) < 10_000:
            return ScaledClock(factor)
    raise EmulatorError(
        f"{speed!r} is no speed", hint="--speed 10 is ten times as fast, --speed none never waits"
    )


def _rules(path: Path | None) -> list[Rule]:
    if path is None:
        return []
    try:
        text = json.loads(path.read_text())
        return [read_rule(each) for each in (text if isinstance(text, list) else [text])]
    except (OSError, ValueError) as error:
        raise EmulatorError(f"{path} holds no rules for faults: {error}") from error


def main() -> int:
    """A detached emulator: its settings are the only argument, its log is stderr."""
    log_to_stderr()
    given = json.loads(sys.argv[1])
    for name in ("directory", "faults"):
        given[name] = Path(given[name]) if given[name] else None
    try:
        serve(Settings(**given), ready=lambda running: None)
    except EmulatorError as error:
        # The last line is what the one who started it shows.
        print(json.dumps({"error": str(error), "hint": error.hint}), file=sys.stderr)
        return 1
    return 0


def log_to_stderr() -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logging.getLogger("docker").setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.WARNING)


def as_argument(settings: Settings) -> str:
    """The settings for `main`."""
    return json.dumps(asdict(settings), default=str)


if __name__ == "__main__":
    sys.exit(main())
