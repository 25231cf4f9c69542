"""What becomes of containers: started, ended, started again, stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acideploy.emulator.aci.runtime import Credentials, ImageError, Mount
from acideploy.emulator.clock import ManualClock
from tests.container_groups import (
    GROUPS,
    asked,
    brought_up,
    container,
    events,
    fault,
    put,
    shown,
    view,
)
from tests.emulated import START, Emulated, emulated
from tests.scripted_runtime import DIGEST, ScriptedRuntime


@pytest.fixture
def runtime() -> ScriptedRuntime:
    return ScriptedRuntime()


@pytest.fixture
def scripted(tmp_path: Path, runtime: ScriptedRuntime) -> Iterator[Emulated]:
    """An emulator on a clock that stands still, whose containers do what the test says."""
    with emulated(tmp_path, clock=ManualClock(START), runtime=runtime) as running:
        yield running


def _end(azure: Emulated, runtime: ScriptedRuntime, code: int, name: str = "web") -> None:
    """Has a container end by itself."""

    async def end() -> None:
        runtime.last(name).end(code)

    azure.act(end)
    azure.advance(0)


def test_events_tell_the_image_that_was_meant(scripted: Emulated) -> None:
    properties = brought_up(scripted, asked(containers=[container(image="r.io:5000/a/b:1.2")]))
    told = {event["name"]: event for event in view(properties)["events"]}
    assert list(told) == ["Pulling", "Pulled", "Started"]
    assert told["Pulling"]["message"] == f'pulling image "r.io:5000/a/b@{DIGEST}"'
    assert told["Pulled"]["message"] == f'Successfully pulled image "r.io:5000/a/b@{DIGEST}"'
    assert told["Started"]["lastTimestamp"] == "2024-10-29T17:07:58Z"


@pytest.mark.parametrize(
    ("policy", "code", "state", "started"),
    [
        ("Never", 0, "Succeeded", 1),
        ("Never", 2, "Failed", 1),
        ("OnFailure", 0, "Succeeded", 1),
        ("OnFailure", 2, "Running", 2),
        ("Always", 0, "Running", 2),
        (None, 0, "Running", 2),
    ],
)
def test_the_restart_policy_says_what_is_started_again(
    scripted: Emulated,
    runtime: ScriptedRuntime,
    policy: str | None,
    code: int,
    state: str,
    started: int,
) -> None:
    brought_up(scripted, asked(restartPolicy=policy))
    _end(scripted, runtime, code)
    scripted.advance(10)
    properties = shown(scripted)
    assert properties["provisioningState"] == "Succeeded"
    assert properties["instanceView"]["state"] == state
    assert events(properties)["Started"] == started
    assert view(properties)["restartCount"] == started - 1
    assert runtime.groups_removed == (state != "Running")


def test_an_end_is_told_with_its_code(scripted: Emulated, runtime: ScriptedRuntime) -> None:
    brought_up(scripted, asked(restartPolicy="Never"))
    _end(scripted, runtime, 2)
    seen = view(shown(scripted))
    assert seen["currentState"] == {
        "state": "Terminated",
        "startTime": "2024-10-29T17:07:58Z",
        "exitCode": 2,
        "finishTime": "2024-10-29T17:08:10Z",
        "detailStatus": "Error",
    }
    assert seen["events"][-1]["message"] == "Container web terminated with ExitCode 2."
    logs = scripted.arm("GET", f"{GROUPS}/one/containers/web/logs?tail=1")
    assert logs.json == {"content": "world\n"}


def test_a_crash_loop_backs_off_ten_seconds_and_twice_as_long_each_time(still: Emulated) -> None:
    fault(still, crash={"exitCode": 3, "after": 1})
    put(still, asked())
    still.advance(19.5)
    properties = shown(still)
    seen = view(properties)
    assert seen["currentState"] == {
        "state": "Waiting",
        "detailStatus": "CrashLoopBackOff: Back-off restarting failed",
    }
    assert seen["previousState"]["exitCode"] == 3
    states = (properties["provisioningState"], properties["instanceView"]["state"])
    assert states == ("Succeeded", "Running")
    counts = []
    # Each run takes a second; what is waited for in between is doubled up to five minutes.
    for wait in (10, 20, 40, 80, 160, 300, 300):
        still.advance(wait - 1)
        before = view(shown(still))["restartCount"]
        still.advance(2)
        counts.append((before, view(shown(still))["restartCount"]))
    assert counts == [(n, n + 1) for n in range(7)]
    assert events(shown(still))["Killing"] == 8


def test_init_containers_run_one_after_the_other(
    scripted: Emulated, runtime: ScriptedRuntime
) -> None:
    first = [{"name": name, "properties": {"image": "setup"}} for name in ("first", "second")]
    put(scripted, asked(initContainers=first))
    scripted.advance(30)
    assert [order.name for order in runtime.orders] == ["first"]
    _end(scripted, runtime, 0, "first")
    scripted.advance(30)
    assert [order.name for order in runtime.orders] == ["first", "second"]
    assert shown(scripted)["provisioningState"] == "Pending"
    _end(scripted, runtime, 0, "second")
    scripted.advance(30)
    properties = shown(scripted)
    assert [order.name for order in runtime.orders] == ["first", "second", "web"]
    assert properties["provisioningState"] == "Succeeded"
    assert view(properties, "first", of="initContainers")["currentState"]["exitCode"] == 0


def test_an_init_container_that_fails_for_good_fails_the_group(
    scripted: Emulated, runtime: ScriptedRuntime
) -> None:
    first = [{"name": "first", "properties": {"image": "setup"}}]
    made = put(scripted, asked(initContainers=first, restartPolicy="Never"))
    scripted.advance(30)
    _end(scripted, runtime, 1, "first")
    properties = shown(scripted)
    assert properties["provisioningState"] == properties["instanceView"]["state"] == "Failed"
    operation = scripted.arm("GET", made.headers["azure-asyncoperation"])
    assert (operation.status, operation.json["status"]) == (200, "Failed")
    assert [order.name for order in runtime.orders] == ["first"]


def test_a_stop_ends_everything_at_once(scripted: Emulated, runtime: ScriptedRuntime) -> None:
    brought_up(scripted, asked())
    stopped = scripted.arm("POST", f"{GROUPS}/one/stop")
    assert (stopped.status, "azure-asyncoperation" in stopped.headers) == (204, False)
    properties = shown(scripted)
    assert properties["instanceView"]["state"] == "Stopped"
    assert properties["provisioningState"] == "Succeeded"
    seen = view(properties)
    assert seen["currentState"] == {
        "state": "Terminated",
        "finishTime": "2024-10-29T17:08:10.0000000Z",
        "detailStatus": "Container stopped per client request",
    }
    assert seen["previousState"]["state"] == "Running"
    assert runtime.last("web").removed
    assert runtime.groups_removed == 1
    assert scripted.arm("POST", f"{GROUPS}/one/stop").status == 204
    logs = scripted.arm("GET", f"{GROUPS}/one/containers/web/logs")
    assert logs.json == {"content": "hello\nworld\n"}


def test_a_group_that_is_stopped_before_it_ran_has_no_views(scripted: Emulated) -> None:
    put(scripted, asked())
    assert scripted.arm("POST", f"{GROUPS}/one/stop").status == 204
    scripted.advance(60)
    assert view(shown(scripted)) is None
    assert shown(scripted)["instanceView"]["state"] == "Stopped"


def test_a_stopped_group_starts_as_new(scripted: Emulated) -> None:
    brought_up(scripted, asked())
    assert "azure-asyncoperation" not in scripted.arm("POST", f"{GROUPS}/one/start").headers
    scripted.arm("POST", f"{GROUPS}/one/stop")
    started = scripted.arm("POST", f"{GROUPS}/one/start")
    assert started.status == 204
    assert shown(scripted)["provisioningState"] == "Pending"
    scripted.advance(30)
    assert (
        scripted.arm("GET", started.headers["azure-asyncoperation"]).json["status"] == "Succeeded"
    )
    assert events(shown(scripted)) == {"Pulling": 1, "Pulled": 1, "Started": 1}


def test_a_restart_pulls_nothing_and_counts_as_none(
    scripted: Emulated, runtime: ScriptedRuntime
) -> None:
    brought_up(scripted, asked())
    restarted = scripted.arm("POST", f"{GROUPS}/one/restart")
    assert restarted.status == 204
    before = shown(scripted)
    assert before["provisioningState"] == "Updating"
    assert view(before)["currentState"]["state"] == "Running"
    scripted.advance(30)
    properties = shown(scripted)
    assert view(properties)["restartCount"] == 0
    assert view(properties)["currentState"]["startTime"] == "2024-10-29T17:08:13Z"
    assert events(properties) == {"Pulling": 1, "Pulled": 1, "Started": 2, "Killing": 1}
    operation = scripted.arm("GET", restarted.headers["azure-asyncoperation"])
    assert operation.json["status"] == "Succeeded"
    assert [each.removed for each in runtime.containers] == [True, False]


def test_an_update_in_place_runs_the_new_image_at_the_old_address(
    scripted: Emulated, runtime: ScriptedRuntime
) -> None:
    before = brought_up(scripted, asked())
    updated = scripted.arm("PUT", f"{GROUPS}/one", asked(containers=[container(image="nginx:2")]))
    assert (updated.status, updated.json["properties"]["provisioningState"]) == (201, "Pending")
    scripted.advance(30)
    after = shown(scripted)
    assert after["ipAddress"] == before["ipAddress"]
    assert runtime.orders[-1].image.name == "nginx:2"
    assert [each.removed for each in runtime.containers] == [True, False]
    assert events(after)["Started"] == 2


def test_the_runtime_is_told_what_was_asked_for(
    scripted: Emulated, runtime: ScriptedRuntime
) -> None:
    resources = {"requests": {"cpu": 1, "memoryInGB": 1}, "limits": {"cpu": 2}}
    web = container(
        command=["python", "-V"],
        resources=resources,
        environmentVariables=[{"name": "A", "value": "1"}, {"name": "B", "secureValue": "2"}],
        volumeMounts=[{"name": "files", "mountPath": "/files", "readOnly": True}],
    )
    volumes = [
        {"name": "files", "secret": {"key": "AP8="}},
        {"name": "empty", "emptyDir": {}},
    ]
    brought_up(scripted, asked(containers=[web], volumes=volumes))
    (order,), ((group, address),) = runtime.orders, runtime.opened
    assert (order.command, order.cpu, order.memory) == (("python", "-V"), 2.0, 1.0)
    assert order.variables == {"A": "1", "B": "2"}
    assert order.mounts == (Mount(volume="files", path="/files", read_only=True),)
    assert group.volumes == {"files": {"key": b"\x00\xff"}, "empty": {}}
    assert group.ports == ((80, "tcp"),)
    assert address == shown(scripted)["ipAddress"]["ip"]


@pytest.mark.parametrize(
    ("inaccessible", "status", "code"),
    [(True, 400, "InaccessibleImage"), (False, 409, "RegistryErrorResponse")],
)
def test_an_image_that_cannot_be_had_refuses_the_group(
    scripted: Emulated, runtime: ScriptedRuntime, inaccessible: bool, status: int, code: str
) -> None:
    runtime.missing["nginx"] = ImageError("no", inaccessible=inaccessible)
    answer = put(scripted, asked())
    assert (answer.status, answer.code) == (status, code)


def test_images_are_asked_for_with_the_login_of_the_request(
    scripted: Emulated, runtime: ScriptedRuntime
) -> None:
    login = {"server": "r.io", "username": "me", "password": "secret"}
    containers = [container("a", image="r.io/a"), container("b", image="b")]
    put(scripted, asked(containers=containers, imageRegistryCredentials=[login]))
    known = Credentials(server="r.io", username="me", password="secret")
    assert runtime.logins == [known, None]


def test_a_pull_that_fails_is_told_and_tried_again(
    scripted: Emulated, runtime: ScriptedRuntime
) -> None:
    runtime.pull_fails = 2
    put(scripted, asked())
    scripted.advance(5)
    properties = shown(scripted)
    (failed,) = [e for e in view(properties)["events"] if e["name"] == "Failed"]
    assert failed["type"] == "Warning"
    assert failed["message"] == f'Failed to pull image "nginx@{DIGEST}": no route to the registry'
    assert view(properties)["currentState"]["state"] == "Waiting"
    assert properties["provisioningState"] == "Pending"
    scripted.advance(60)
    assert shown(scripted)["instanceView"]["state"] == "Running"


def test_a_group_that_does_not_come_up_fails_after_half_an_hour(still: Emulated) -> None:
    fault(still, imagePull=True)
    made = put(still, asked())
    still.advance(1790)
    assert shown(still)["provisioningState"] == "Pending"
    still.advance(20)
    assert shown(still)["provisioningState"] == "Failed"
    operation = still.arm("GET", made.headers["azure-asyncoperation"]).json
    assert operation["status"] == "Failed"
    assert operation["properties"]["events"][-1]["type"] == "Warning"


def test_a_container_that_cannot_be_started_is_an_end_with_code_128(
    scripted: Emulated, runtime: ScriptedRuntime
) -> None:
    runtime.start_fails = 1
    properties = brought_up(scripted, asked(restartPolicy="Never"))
    assert view(properties)["currentState"]["exitCode"] == 128
    assert properties["instanceView"]["state"] == "Failed"
    assert "no such command" in view(properties)["events"][-1]["message"]


def test_a_liveness_probe_that_fails_has_the_container_started_again(
    scripted: Emulated, runtime: ScriptedRuntime
) -> None:
    probe = {"exec": {"command": ["check"]}, "periodSeconds": 5, "failureThreshold": 2}
    brought_up(scripted, asked(containers=[container(livenessProbe=probe)]))
    assert events(shown(scripted)) == {"Pulling": 1, "Pulled": 1, "Started": 1}
    runtime.probe_code = 1
    scripted.advance(10)
    properties = shown(scripted)
    assert events(properties)["Unhealthy"] == 2
    assert view(properties)["currentState"]["detailStatus"].startswith("CrashLoopBackOff")
    runtime.probe_code = 0
    scripted.advance(60)
    assert view(shown(scripted))["restartCount"] == 1
    assert view(shown(scripted))["currentState"]["state"] == "Running"


def test_a_readiness_probe_that_fails_ends_nothing(
    scripted: Emulated, runtime: ScriptedRuntime
) -> None:
    runtime.probe_code = 7
    probe = {"exec": {"command": ["check"]}, "periodSeconds": 5}
    brought_up(scripted, asked(containers=[container(readinessProbe=probe)]))
    scripted.advance(60)
    properties = shown(scripted)
    unhealthy = [e for e in view(properties)["events"] if e["name"] == "Unhealthy"]
    assert unhealthy[0]["message"] == "Readiness probe failed: command exited with code 7"
    assert view(properties)["restartCount"] == 0


def test_logs_are_as_long_as_the_service_keeps_them(
    scripted: Emulated, runtime: ScriptedRuntime
) -> None:
    put(scripted, asked(restartPolicy="Never"))
    assert scripted.arm("GET", f"{GROUPS}/one/containers/web/logs").json == {"content": None}
    scripted.advance(30)
    runtime.log = b"".join(b"%06d\n" % n for n in range(700_000))

    def content() -> Any:
        return scripted.arm("GET", f"{GROUPS}/one/containers/web/logs").json["content"]

    assert len(content()) == 4 * 1024 * 1024
    _end(scripted, runtime, 0)
    assert content().endswith("699999\n")
    assert len(content().splitlines()) == 1000
    unknown = scripted.arm("GET", f"{GROUPS}/one/containers/none/logs")
    assert (unknown.status, unknown.code) == (404, "ContainerNotFound")


def test_a_deleted_group_leaves_nothing_running(
    scripted: Emulated, runtime: ScriptedRuntime
) -> None:
    brought_up(scripted, asked())
    scripted.arm("DELETE", f"{GROUPS}/one")
    assert runtime.last("web").removed
    assert runtime.groups_removed == 1
