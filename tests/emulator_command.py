"""The emulator as its users start it: the command, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StartedEmulator:
    """A detached emulator, what `status` says of it, and the variables for its clients."""

    state: Path
    status: dict[str, str]
    variables: dict[str, str]

    @property
    def url(self) -> str:
        return self.status["url"]

    @property
    def registry(self) -> str:
        return self.status["registry"]

    @property
    def ca(self) -> Path:
        return self.state / "ca.pem"

    @property
    def log(self) -> str:
        return (self.state / "emulator.log").read_text()


def acideploy(*words: str | Path, check: bool = True, **variables: str) -> str:
    """What the command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "acideploy", *map(str, words)],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


@contextlib.contextmanager
def emulator(state: Path, *options: str) -> Iterator[StartedEmulator]:
    """An emulator on any ports, without Azure's delays, and with the engine that `options` name."""
    where = ("--state", str(state))
    engine = () if "--engine" in options else ("--no-engine",)
    status = json.loads(
        acideploy(
            *("emulator", "start", "--detach", "--port", "0", "--speed", "none"),
            *where,
            *engine,
            *options,
        )
    )
    try:
        variables = json.loads(acideploy("emulator", "env", *where, "-o", "json"))
        yield StartedEmulator(state, status, variables)
    finally:
        acideploy("emulator", "stop", *where)
