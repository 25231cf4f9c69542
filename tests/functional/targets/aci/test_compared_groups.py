"""Container groups compared as Azure gives them back, and what it then changes in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from acideploy.emulator.clock import ManualClock
from acideploy.targets.aci.changes import changes, verdict
from tests.container_groups import GROUPS, put
from tests.emulated import START, Emulated, emulated

Body = dict[str, Any]
GROUP = "iris-svc-0a1b2c3d"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Emulated]:
    with emulated(tmp_path / "emulator", clock=ManualClock(START)) as running:
        yield running


def _asked() -> Body:
    probe = {"path": "/", "port": 80, "scheme": "http"}
    return {
        "location": "westus",
        "tags": {"stage": "dev", "acideploy.revision": "1"},
        "properties": {
            "containers": [
                {
                    "name": "iris-svc",
                    "properties": {
                        "image": "nginx",
                        "ports": [{"port": 80, "protocol": "TCP"}],
                        "environmentVariables": [
                            {"name": "LEVEL", "value": "info"},
                            {"name": "API_KEY", "secureValue": "hidden"},
                        ],
                        "resources": {"requests": {"cpu": 1, "memoryInGB": 2}},
                        "livenessProbe": {"httpGet": probe, "initialDelaySeconds": 600},
                        "readinessProbe": {"httpGet": probe, "periodSeconds": 10},
                        "volumeMounts": [
                            {"name": "acideploy", "mountPath": "/mnt/acideploy", "readOnly": True}
                        ],
                    },
                }
            ],
            "osType": "Linux",
            "restartPolicy": "Always",
            "ipAddress": {
                "type": "Public",
                "ports": [{"port": 80, "protocol": "TCP"}],
                "dnsNameLabel": GROUP,
            },
            "volumes": [{"name": "acideploy", "secret": {"keys.json": "aGlkZGVu"}}],
        },
    }


def _inside(body: Body) -> Any:
    return body["properties"]["containers"][0]["properties"]


def _running(azure: Emulated) -> Body:
    assert put(azure, _asked(), GROUP).status == 201
    azure.advance(60)
    group: Body = azure.arm("GET", f"{GROUPS}/{GROUP}").json
    assert group["properties"]["instanceView"]["state"] == "Running"
    return group


def test_a_group_that_was_just_made_has_no_changes(azure: Emulated) -> None:
    assert changes(_running(azure), _asked()) == ()


@pytest.mark.parametrize(
    "edit",
    [
        lambda b: _inside(b).update(image="nginx:1"),
        lambda b: _inside(b).update(command=["sleep", "1"]),
        lambda b: _inside(b)["environmentVariables"][0].update(value="debug"),
        lambda b: _inside(b)["livenessProbe"].update(periodSeconds=30),
        lambda b: _inside(b)["resources"]["requests"].update(cpu=2),
        lambda b: _inside(b)["resources"]["requests"].update(memoryInGB=3),
        lambda b: b["properties"].update(restartPolicy="OnFailure"),
        lambda b: b["properties"]["ipAddress"].update(dnsNameLabel="another"),
        lambda b: b["properties"]["ipAddress"].update(ports=[{"port": 81, "protocol": "TCP"}]),
        lambda b: b["tags"].update(stage="prod"),
    ],
)
def test_azure_changes_in_place_what_the_verdict_says(
    azure: Emulated, edit: Callable[[Body], object]
) -> None:
    present, body = _running(azure), _asked()
    edit(body)
    found = changes(present, body)
    answer = put(azure, body, GROUP)
    assert len(found) == 1
    assert (verdict(found) == "replace") == (answer.status == 400), answer.body
    if answer.status == 400:
        assert answer.code == "InvalidContainerGroupUpdate"
