"""Programs in the background: started, waited for, stopped by their process id."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.parts import MissingPartError, program

# Neither given to outgoing connections and servers on port 0, nor chosen for services: whatever
# other tests start in the meantime leaves a free port free. At random, since they choose here too.
PORTS = range(10000, 20000)


class StartError(MissingPartError):
    """A program ended, or did not answer, before it was of use. Says what it logged."""


def free_port() -> int:
    """A port of loopback that nothing listens on, and that the system gives to nobody else."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    *,
    log: Path,
    ready: Callable[[], bool],
    seconds: float = 30,
    variables: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose output goes to `log`, once `ready()`; stopped at the end.

    It ends with the thread that started it, should that be killed before its time.
    """
    guarded = [program("setpriv", package="util-linux"), "--pdeathsig", "TERM", "--", *command]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*map(str, guarded)],
            # Podman notes down there that a container ran out of memory.
            cwd=log.parent,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C is for the tests, which then stop it in order.
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + seconds
        while not ready():
            if process.poll() is not None:
                raise StartError(f"{command[0]} ended ({process.returncode}): {tail(log)}")
            if time.monotonic() > deadline:
                raise StartError(f"{command[0]} does not answer: {tail(log)}")
            time.sleep(0.02)
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], *, seconds: float = 15) -> None:
    """Ends a process and buries it; by force when it takes longer."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail(log: Path) -> str:
    """The last 2000 characters of a log."""
    return log.read_text(errors="replace")[-2000:].strip()
