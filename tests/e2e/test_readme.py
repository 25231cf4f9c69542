"""README.md: its commands do what it shows, and its generated parts are up to date."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.documents import README
from tests.e2e.conftest import Workspace
from tests.environments import environment
from tests.parts.base_image import BaseImage, push
from tests.parts.conda_channel import CondaChannel
from tests.parts.fixtures import started
from tests.parts.registry import registry

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
    # How long a step took that took a while.
    (r", \d+\.\d s\b", ""),
    # What weighs other than it did, as packages and tools do.
    (r"about \d+ MB|\d\d+ layers|\d+,\d{3},\d{3} bytes|\d\d,\d{3} bytes", "<size>"),
    # An address and an image of the emulator's.
    (r"127(\.\d+){3}(:\d+)?", "<address>"),
    (r"\b[0-9a-f]{12}\b", "<short digest>"),
    (r"-{3,} *", "---"),
    (r" +", " "),
)


Kind = Literal["plain", "parts", "emulator"]


def transcript(kind: Kind) -> Iterator[tuple[str, str]]:
    """Each command of the README's console blocks of a kind, and what it is said to print.

    `parts` are those that need a registry or an engine, `emulator` what begins with starting one.
    """
    for needed, block in re.findall(r"```console(.*?)\n(.*?)```", README.read_text(), re.DOTALL):
        is_emulator = "emulator" in needed
        if kind != ("emulator" if is_emulator else "parts" if needed.strip() else "plain"):
            continue
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            yield command, output


def run_transcript(
    workspace: Workspace, kind: Kind = "plain", *, registry: str = "", programs: Path | None = None
) -> Iterator[tuple[str, str, str]]:
    """Each command, what the README says, and what it printed, in one shell.

    `registry` stands for the one in the README, where parts are needed; `programs` is a folder
    with more of them.
    """
    steps = list(transcript(kind))
    if registry:
        steps = [(command.replace(_REGISTRY, registry), said) for command, said in steps]
    script = "\n".join(f"{command}\necho {_MARK}" for command, _ in steps)
    folders = [Path(sys.executable).parent, *([programs] if programs else [])]
    path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
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
        yield command, said, output.replace(registry, _REGISTRY) if registry else output


_REGISTRY = "contoso.azurecr.io"
_MARK = "=== end of step ==="


def _steady(text: str) -> str:
    for pattern, word in _VARIABLE:
        text = re.sub(pattern, word, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def test_every_command_prints_what_the_readme_says(workspace: Workspace) -> None:
    for command, said, printed in run_transcript(workspace):
        assert _steady(printed) == _steady(said), f"$ {command}\n{printed}"


def test_every_command_with_a_container_or_a_registry_does_what_the_readme_says(
    workspace: Workspace,
    docker_part: str,
    base_image_part: BaseImage,
    conda_channel_part: CondaChannel,
    tmp_path: Path,
) -> None:
    if sys.version_info[:2] != (3, 11):
        pytest.skip("the conda channel of the tests has wheels for Python 3.11")
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "conda-forge").symlink_to(conda_channel_part.directory)
    with started(registry()) as part:
        push(base_image_part, part, "base/debian", tag="12")
        variables = {
            **workspace.variables,
            "DOCKER_HOST": docker_part,
            "REQUESTS_CA_BUNDLE": str(part.ca),
            "CONDA_CHANNEL_ALIAS": mirror.as_uri(),
        }
        attached = Workspace(workspace.directory, variables)
        attached.run("init", "demo")
        attached.run("model", "register", "-n", "iris", "-p", "demo/model.pkl")
        for command, said, printed in run_transcript(attached, "parts", registry=part.host):
            assert _steady(printed) == _steady(said), f"$ {command}\n{printed}"


def test_every_command_for_azure_does_in_the_emulator_what_the_readme_says(
    workspace: Workspace,
    docker_part: str,
    base_image_part: BaseImage,
    tmp_path: Path,
) -> None:
    programs = environment(["azure-cli"]).parent
    with started(registry()) as part:
        push(base_image_part, part, "base/debian", tag="12")
        variables = {
            **workspace.variables,
            "DOCKER_HOST": docker_part,
            "REQUESTS_CA_BUNDLE": str(part.ca),
            "AZURE_CONFIG_DIR": str(tmp_path / "az"),
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            # Neither conda-forge nor Microsoft's registry nor the price list has to be there.
            "ACIDEPLOY_NO_CONDA": "1",
            "ACIDEPLOY_RETAIL_PRICES": "http://127.0.0.1:9",
        }
        Workspace(workspace.directory, variables).run("init", "demo")
        project = Workspace(workspace.directory / "demo", variables)
        config = json.loads((project.directory / "inferenceconfig.json").read_text())
        config["baseImage"] = f"{part.host}/base/debian:12"
        project.write("inferenceconfig.json", config)
        try:
            for command, said, printed in run_transcript(
                project, "emulator", registry=part.host, programs=programs
            ):
                assert _steady(printed) == _steady(said), f"$ {command}\n{printed}"
        finally:
            project.run("emulator", "reset")


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
