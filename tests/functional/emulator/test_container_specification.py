"""Azure Container Instances as its OpenAPI files have it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from acideploy.emulator.cloud import SUBSCRIPTION
from tests.container_groups import asked, put
from tests.emulated import Emulated
from tests.emulated_networks import make_network
from tests.environments import unavailable

_ROOT = Path(__file__).resolve().parents[3]
_NAMES = {
    "subscriptionId": SUBSCRIPTION,
    "resourceGroupName": "rg",
    "containerGroupName": "one",
    "containerName": "web",
    "location": "westus",
    "virtualNetworkName": "net",
    "subnetName": "apps",
}
# Sets of groups, which are a preview of their own.
_LEFT_OUT = ("ngroups",)


def _specification(version: str) -> Any:
    given = os.environ.get("ACIDEPLOY_SPECS")
    folder = Path(given) if given else _ROOT.parent / "shared" / "specs"
    found = list(folder.glob(f"**/Microsoft.ContainerInstance/*/{version}/containerInstance.json"))
    if not found:
        unavailable(f"no OpenAPI files at {folder} (set ACIDEPLOY_SPECS)")
    return json.loads(found[0].read_text("utf-8"))


@pytest.mark.parametrize("version", ["2018-10-01", "2023-05-01", "2024-10-01-preview"])
def test_every_operation_is_answered_with_a_status_it_has(azure: Emulated, version: str) -> None:
    operations = [
        (path, method.upper(), operation)
        for path, methods in _specification(version)["paths"].items()
        for method, operation in methods.items()
        if not any(each in path for each in _LEFT_OUT)
    ]
    make_network(azure)
    # Deletion comes last: others need the group.
    for path, method, operation in sorted(operations, key=lambda each: each[1] == "DELETE"):
        put(azure, asked())
        body = {"PUT": asked(), "POST": {"command": "sh"}, "PATCH": {"tags": {}}}.get(method)
        names = re.sub(r"\{(\w+)\}", lambda found: _NAMES[found[1]], path)
        answer = azure.arm(method, names, body, version=version)
        # A group that comes up takes no other change for a moment.
        while answer.status == 409 and answer.code == "ContainerGroupTransitioning":
            answer = azure.arm(method, names, body, version=version)
        assert str(answer.status) in operation["responses"], f"{method} {path}: {answer.body!r}"
