"""Many services in Azure, deployed at once and listed.

Their containers are sockets that answer as the server does: what is measured is what deploys cost,
not how many containers a machine can run. The emulator is a process of its own, and so are the
deploys, one thread each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.answering import answering
from tests.bench.azure_project import AzureProject, bases
from tests.bench.measure import Phases, Row, compared, missing
from tests.bench.measure import seconds as seconds_of_command
from tests.parts import MissingPartError
from tests.parts.process import StartError
from tests.parts.proxy import RunningProxy

MANY = 50


def azure_many(folder: Path) -> Iterator[Row | Phases]:
    """At the speed of Azure, with as many connections at once as there are services."""
    try:
        with bases(folder) as base:
            yield from _many(folder, base)
    except (MissingPartError, StartError) as reason:
        yield missing(f"{MANY} services in Azure", reason)


def _many(folder: Path, base: RunningProxy) -> Iterator[Row]:
    with answering(folder / "emulator", ca=base.ca) as running:
        project = AzureProject(folder=folder / "project", emulator=running, base=base)
        project.write()
        project.deploy()
        one, all_of_them = (_deploys(project, count) for count in (1, MANY))
        name = "one alone"
        yield compared(f"{MANY} services deployed at once", all_of_them, name, one)
        command = (sys.executable, "-m", "acideploy", "service", "list", "-o", "json")
        env = project.environment
        listed = seconds_of_command(command, runs=3, env=env, cwd=project.folder)
        found = subprocess.check_output(command, env=env, cwd=project.folder)
        states = [each["state"] for each in json.loads(found)]
        assert states == ["Healthy"] * (MANY + 2), states
        imported = seconds_of_command(
            (sys.executable, "-c", "import azure.identity, azure.core"), runs=3
        )
        title = f"service list of {len(states)} services"
        yield compared(title, listed, "importing azure-identity", imported)


def _deploys(project: AzureProject, count: int) -> float:
    """Seconds for so many new services, all at the same time."""
    module = "tests.bench.deploy_many"
    command = (sys.executable, "-m", module, str(project.folder), f"n{count}", str(count))
    env = {**project.environment, "PYTHONPATH": os.getcwd()}
    return float(subprocess.check_output(command, env=env))
