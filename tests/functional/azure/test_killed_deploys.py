"""A deploy that is killed, as a CI job is, while it asks for each change of something; and again.

Uploads that were broken off are tests of registries.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.azure_services import AzureServices

OPEN = {"computeType": "ACI", "authEnabled": True}
OTHER_SIZE = {"containerResourceRequirements": {"cpu": 0.5, "memoryInGB": 1}}
HELD_SECONDS = 1.0


def start(services: AzureServices, name: str) -> subprocess.Popen[str]:
    files = ("-ic", "inference.json", "-dc", "deployment.json")
    where = ("-w", "emulator", "-g", "emulator")
    command = ("model", "deploy", "-n", name, *files, *where, "--overwrite", "-o", "json")
    return subprocess.Popen(
        [sys.executable, "-m", "acideploy", *command],
        cwd=services.project,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def killed(services: AzureServices, name: str, method: str, number: int) -> bool:
    """Whether there was such a request, in the middle of which the command was killed."""
    services.azure.cloud.faults.clear()
    held = {"delay": HELD_SECONDS, "method": method, "skip": number, "path": "^(?!.*/uploads/)"}
    assert services.azure.ask("POST", "/_emulator/faults", held).status == 201
    command = start(services, name)
    while command.poll() is None:
        if any(each["struck"] for each in services.azure.cloud.faults.describe()):
            command.kill()
            command.communicate()
            # What was asked for is done without its sender, and before the next command begins.
            time.sleep(HELD_SECONDS + 0.2)
            break
        time.sleep(0.01)
    services.azure.cloud.faults.clear()
    return command.returncode < 0


def again(services: AzureServices, name: str) -> Any:
    out, errors = (command := start(services, name)).communicate(timeout=60)
    assert command.returncode == 0, errors
    return json.loads(out)


def test_a_first_deploy_that_was_killed_is_ended_by_the_same_command(
    services: AzureServices,
) -> None:
    services.write("deployment.json", OPEN)
    names = []
    while killed(services, f"web-{len(names)}", "PUT", len(names)):
        names.append(f"web-{len(names)}")
        assert again(services, names[-1])["state"] == "Healthy", names
        assert services.workspace().show_service(names[-1]).revision == 1
        services.purge(f"acideploy-pull-{services.mark}")
    assert len(names) > 6
    _assert_whole(services, {*names, f"web-{len(names)}"})


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_change_that_was_killed_is_ended_by_the_same_command(
    services: AzureServices, method: str
) -> None:
    for number in range(100):
        services.write("deployment.json", OPEN)
        services.write("score.py", "def init(): pass\ndef run(data): return data\n")
        before = services.deploy()
        services.write("score.py", f"def init(): pass\ndef run(data): return {number}\n")
        services.write("deployment.json", {**OPEN, **OTHER_SIZE})
        if not killed(services, "web", method, number):
            break
        assert again(services, "web")["state"] == "Healthy", number
        assert services.workspace().show_service("web").revision == before.revision + 1
    assert number > 0
    _assert_whole(services, {"web"})


def _assert_whole(services: AzureServices, names: set[str]) -> None:
    """There are the groups and keys of these services and no others."""
    groups = {f"{name}-{services.mark}" for name in names}
    assert {each["name"] for each in services.groups()} == groups
    kept = services.secrets() - {f"acideploy-pull-{services.mark}"}
    assert kept == {f"acideploy-{group}-keys" for group in groups}
