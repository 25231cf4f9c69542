"""Failures and their telling, by what the emulated service answers as time goes by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acideploy.diagnose import CodeOrigin
from acideploy.emulator.clock import ManualClock
from acideploy.errors import AcideployError, AzureError
from acideploy.events import Said
from acideploy.targets.aci.failure import Seen, failure_of
from acideploy.targets.aci.happened import as_of
from acideploy.targets.aci.narration import Narrator
from acideploy.targets.aci.refused import refused
from tests.container_groups import GROUPS, asked, container, fault, put
from tests.emulated import START, Emulated, emulated

ORIGIN = CodeOrigin(deployed=Path("/var/azureml-app/project"), origin=Path("/nowhere/project"))


@pytest.fixture
def still(tmp_path: Path) -> Iterator[Emulated]:
    """An emulator whose time moves only when the test says so, and where nothing runs."""
    with emulated(tmp_path / "emulator", clock=ManualClock(START)) as running:
        yield running


def body(azure: Emulated) -> Any:
    return azure.arm("GET", f"{GROUPS}/one").json


def watched(
    azure: Emulated, *, within: int, before: Any = None
) -> tuple[int, AcideployError | None, list[str]]:
    """Looks every second: when it was decided, the failure, and all that was told."""
    narrator, told = Narrator(service="web", before=before), []
    for second in range(within):
        group = body(azure)
        told += [each.line for each in narrator.tell(group) if isinstance(each, Said)]
        seen = Seen(group=group, before=before)
        if error := failure_of(seen, service="web", origin=ORIGIN):
            return second, error, told
        azure.advance(1)
    return within, None, told


def test_a_service_that_comes_up_fails_at_no_moment(still: Emulated) -> None:
    put(still, asked())
    _, error, told = watched(still, within=60)
    assert error is None
    assert [line.partition("@")[0] for line in told] == [
        "azure: nothing runs here: the emulator was started without an engine",
        "azure: pulling image nginx",
        "azure: image pulled in 4 s",
        "azure: container started",
    ]


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (3, "its container ends with exit code 3"),
        (137, "the service ran out of memory (it has 1.5 GB)"),
        (139, "a library with compiled code crashed (SIGSEGV)"),
    ],
)
def test_a_crash_loop_is_told_within_seconds_of_the_second_crash(
    still: Emulated, code: int, cause: str
) -> None:
    fault(still, crash={"exitCode": code, "after": 2}, count=1)
    put(still, asked())
    second, error, told = watched(still, within=90)
    assert error is not None
    assert error.message == f"service web failed: {cause}"
    # Up after 18 s, down after 20, up after 30, down after 32.
    assert second <= 34
    assert told.count("azure: container started") == 1
    assert told[-2:] == [
        "azure: container started again (2 starts)",
        f"azure: container ended with exit code {code} (2 times)",
    ]


def test_what_crashed_before_is_no_failure_of_the_change_that_mends_it(still: Emulated) -> None:
    fault(still, crash={"exitCode": 3, "after": 2}, count=1)
    put(still, asked())
    _, error, _ = watched(still, within=90)
    assert error is not None
    before = body(still)
    assert failure_of(Seen(group=before), service="web", origin=ORIGIN) is not None
    mended = put(still, asked(containers=[container(image="nginx:2")]))
    assert mended.status in (200, 201), mended.body
    _, error, told = watched(still, within=60, before=before)
    assert error is None
    assert any("pulling image nginx" in line for line in told)
    assert not any("ended with exit code" in line for line in told)


def test_whoever_looks_later_is_told_of_the_crashes_of_this_revision_alone(
    still: Emulated,
) -> None:
    fault(still, crash={"exitCode": 3, "after": 2}, count=1)
    put(still, asked())
    watched(still, within=90)
    still.advance(60)
    changed_at = still.cloud.clock.now()
    put(still, asked(containers=[container(image="nginx:2")]))
    still.advance(30)
    looked_at = body(still)
    assert failure_of(Seen(group=looked_at), service="web", origin=ORIGIN) is not None
    before = as_of(looked_at, changed_at)
    assert failure_of(Seen(group=looked_at, before=before), service="web", origin=ORIGIN) is None

    fault(still, crash={"exitCode": 4, "after": 2}, count=1)
    put(still, asked(containers=[container(image="nginx:3")]))
    changed_at = still.cloud.clock.now()
    still.advance(60)
    looked_at = body(still)
    before = as_of(looked_at, changed_at)
    error = failure_of(Seen(group=looked_at, before=before), service="web", origin=ORIGIN)
    assert error is not None
    assert "exit code 4" in error.message


def test_an_image_that_cannot_be_pulled_is_told(still: Emulated) -> None:
    fault(still, imagePull=True)
    put(still, asked())
    second, error, told = watched(still, within=120)
    assert isinstance(error, AzureError)
    assert error.message.startswith("service web failed: Azure cannot pull the image nginx@")
    assert second < 45
    assert any(line.startswith("azure: failed to pull image") for line in told)


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        ({"capacity": True}, "westus has no room for 1 cores and 1.5 GB at the moment"),
        ({"quota": True}, "the subscription's quota StandardCores in westus"),
    ],
)
def test_a_refusal_of_the_emulated_service_is_understood(
    still: Emulated, rule: dict[str, Any], cause: str
) -> None:
    fault(still, **rule)
    answer = put(still, asked())
    said = answer.json["error"]
    error = AzureError(said["message"], status=answer.status, code=said["code"])
    result = refused(error, service="web", location="westus", cpu=1, memory=1.5)
    assert result.message.startswith(f"service web cannot be deployed: {cause}")
