"""uv, as a program: the one place that runs it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from acideploy.errors import DependencyError
from acideploy.events import Emit, Said, ignore


class UvFailed(Exception):
    """uv ended with an error; `output` is what it said, without colours."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


def run_uv(
    arguments: Sequence[str], *, directory: Path, sent: str = "", emit: Emit = ignore
) -> str:
    """Runs uv in `directory`, tells its lines as they come, and returns its standard output.

    `sent` is what it reads from standard input. Raises UvFailed, and DependencyError where there is
    no uv to run.
    """
    command = [_uv(), *arguments, "--color", "never"]
    process = subprocess.Popen(
        command,
        cwd=directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines: list[str] = []
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(sent)
        process.stdin.close()
        for line in process.stdout:
            # What it says of its own flags and scratch folders is nothing to the user.
            if line.startswith(("Using Python", "hint:")) and "An index URL" not in line:
                continue
            lines.append(line.rstrip("\n"))
            # Its list of packages is long, and is kept in the lock.
            if not line.startswith(" "):
                emit(Said(line=f"uv: {lines[-1]}"))
    output = "\n".join(lines)
    if process.returncode:
        raise UvFailed(output)
    return output


def _uv() -> str:
    from uv import find_uv_bin

    try:
        return find_uv_bin()
    except FileNotFoundError as error:
        raise DependencyError(
            "uv, which makes environments, is not installed", hint="pip install uv"
        ) from error
