"""Takes away what an engine leaves in the system, also when who started it has been killed.

A process of its own waits for the end of its input, which is that of the other process, and then
cleans up: `python -m tests.parts.engine_cleanup DIRECTORY`.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.cache import REPOSITORY
from tests.parts import program


@contextlib.contextmanager
def cleaned_up(directory: Path) -> Iterator[None]:
    """Removes a new folder for an engine at the end, and all that bears its name."""
    program("umount", package="mount")
    program("iptables")
    program("ip", package="iproute2")
    directory.mkdir(mode=0o755)
    command = [sys.executable, "-m", __name__, str(directory)]
    # In a session of its own: Ctrl-C is not for it.
    cleaner = subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        yield
    finally:
        cleaner.communicate()


def bridge_name(directory: Path) -> str:
    """The bridge of the engine in this folder. Names of devices end after 15 characters."""
    return f"acd-{_token(directory)}"


def _clean_up(directory: Path) -> None:
    _end_processes(directory)
    _unmount(directory)
    _run("ip", "link", "delete", bridge_name(directory))
    _remove_rules(_token(directory))
    shutil.rmtree(directory, ignore_errors=True)


def _token(directory: Path) -> str:
    """What is in the names of all that belongs to the engine in this folder."""
    return directory.name.rpartition("-")[2]


def _end_processes(directory: Path) -> None:
    for path in Path("/proc").glob("[0-9]*"):
        # Processes end while one looks.
        with contextlib.suppress(OSError):
            if int(path.name) != os.getpid() and _belongs(path, f"{directory}/"):
                os.kill(int(path.name), signal.SIGKILL)


def _belongs(process: Path, prefix: str) -> bool:
    """True for a process that names the folder, or whose root is an image stored there."""
    if os.fsencode(prefix) in (process / "cmdline").read_bytes():
        return True
    mounts = (process / "mountinfo").read_text().splitlines()
    return any(line.split()[4] == "/" and prefix in line for line in mounts)


def _unmount(directory: Path) -> None:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4] for line in lines]
    for point in sorted(
        (each for each in points if each.startswith(f"{directory}/")), reverse=True
    ):
        _run("umount", "--lazy", point)


def _remove_rules(token: str) -> None:
    """Removes the rules of the packet filter with this word in them, and the chains they leave."""
    chains = set()
    table = ""
    for line in _run("iptables-save").splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith("-A") and token in line:
            rule = shlex.split(line)[1:]
            chains.add((table, rule[0]))
            _run("iptables", "--wait", "--table", table, "-D", *rule)
    for table, chain in chains:
        # Refused, rightly, for those that others use too.
        _run("iptables", "--wait", "--table", table, "-X", chain)


def _run(name: str, *arguments: str) -> str:
    command: list[str | Path] = [program(name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


if __name__ == "__main__":
    sys.stdin.read()
    _clean_up(Path(sys.argv[1]))
