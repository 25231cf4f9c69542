"""Deploys services at the same time, as a program: `FOLDER PREFIX COUNT`; prints the seconds."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from acideploy.api import ConfigurationFiles, DeployRequest, open_workspace
from tests.bench.measure import seconds_of

FILES = ConfigurationFiles(
    inference_config=Path("inference.json"),
    deployment_config=Path("deployment.json"),
    no_conda=True,
)


def _deploy(name: str) -> None:
    service = open_workspace().deploy(DeployRequest(name=name, models=("m:1",), files=FILES))
    assert service.state == "Healthy", service


def _deploy_all(prefix: str, count: int) -> None:
    with ThreadPoolExecutor(max_workers=count) as threads:
        list(threads.map(_deploy, (f"{prefix}-{number}" for number in range(count))))


if __name__ == "__main__":
    _folder, _prefix, _count = sys.argv[1:]
    os.chdir(_folder)
    print(seconds_of(lambda: _deploy_all(_prefix, int(_count))))
