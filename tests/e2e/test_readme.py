"""README.md: its commands do what it shows, and its generated parts are up to date."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.documents import README
from tests.e2e.conftest import Workspace

# What differs from run to run: ports, times, digests, the folder, a process's own keys.
_VARIABLE = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "<time>"),
    (r"localhost:\d+", "localhost:<port>"),
    (r"\(port \d+\)", "(port <port>)"),
    (r"[0-9a-f]{16}", "<digest>"),
    (r"Python 3\.\d+", "Python <version>"),
    # The tests share their environments: another test may have made this one.
    (r"(done \(\d+ packages\)|reused \(unchanged\))", "<ready>"),
    (r"(/[\w.+-]+)+/demo/", "<folder>/"),
    (r"-{3,} *", "---"),
    (r" +", " "),
)


def transcript() -> Iterator[tuple[str, str]]:
    """Each command of the README's console blocks, and what it is said to print."""
    for block in re.findall(r"```console\n(.*?)```", README.read_text(), re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            yield command, output


def run_transcript(workspace: Workspace) -> Iterator[tuple[str, str, str]]:
    """Each command, what the README says, and what it printed, in one shell."""
    steps = list(transcript())
    script = "\n".join(f"{command}\necho {_MARK}" for command, _ in steps)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash"],
        input=f"exec 2>&1\n{script}\n",
        cwd=workspace.directory,
        env={**os.environ, **workspace.variables, "PATH": path},
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
        check=False,
    )
    printed = done.stdout.split(f"{_MARK}\n")
    for (command, said), output in zip(steps, printed, strict=False):
        yield command, said, output


_MARK = "=== end of step ==="


def _steady(text: str) -> str:
    for pattern, word in _VARIABLE:
        text = re.sub(pattern, word, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def test_every_command_prints_what_the_readme_says(workspace: Workspace) -> None:
    for command, said, printed in run_transcript(workspace):
        assert _steady(printed) == _steady(said), f"$ {command}\n{printed}"


def test_the_commands_that_replace_az_ml_work(workspace: Workspace) -> None:
    table = README.read_text().partition("| before | now |")[2].partition("\n\n")[0]
    commands = re.findall(r"`(acideploy .*?)`", table)
    assert len(commands) == 4
    workspace.run("init", "demo")
    project = Workspace(workspace.directory / "demo", workspace.variables)
    for command in commands:
        assert project.run(*shlex.split(command)[1:]).stdout


if __name__ == "__main__":
    # Writes what the commands print now into the README, to be read before it is committed.
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        (Path(folder) / "project").mkdir()
        variables = {"ACIDEPLOY_HOME": str(home), "CI": "true", "NO_COLOR": "1"}
        text = README.read_text()
        steps = run_transcript(Workspace(Path(folder) / "project", variables))
        for command, said, printed in steps:
            text = text.replace(f"$ {command}\n{said}", f"$ {command}\n{printed}", 1)
        README.write_text(text)
