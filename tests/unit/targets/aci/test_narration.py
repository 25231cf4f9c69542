"""Events and log lines of a container group, told once each."""

from __future__ import annotations

import random
from typing import Any

import pytest

from acideploy.events import Said
from acideploy.targets.aci.narration import Narrator
from tests.group_bodies import (
    CRASH_LOOP,
    IMAGE,
    PULL_BACK_OFF,
    PULLED,
    PULLING,
    RUNNING,
    SECRETS,
    STARTED,
    ended,
    event,
    group,
    waiting,
)

SHORT = "contoso.azurecr.io/acideploy/churn@sha256:b9cec4d6b50c"
CREATING = waiting("ContainerCreating")
UP = group(PULLING, PULLED, STARTED, current=RUNNING)


@pytest.fixture
def narrator() -> Narrator:
    return Narrator(service="churn")


def tell(narrator: Narrator, body: dict[str, Any], log: str | None = None) -> list[str]:
    told = narrator.tell(body, log)
    assert all(isinstance(each, Said) for each in told)
    lines = [each.line for each in told if isinstance(each, Said)]
    assert not any(secret in line for line in lines for secret in SECRETS)
    return lines


def test_a_start_is_told_as_it_happens(narrator: Narrator) -> None:
    assert tell(narrator, group(state="Pending")) == []
    assert tell(narrator, group(PULLING, current=CREATING)) == [f"azure: pulling image {SHORT}"]
    assert tell(narrator, group(PULLING, current=CREATING)) == []
    assert tell(narrator, group(PULLED, PULLING, current=CREATING)) == [
        "azure: image pulled in 4 s"
    ]
    assert tell(narrator, UP, "") == ["azure: container started"]
    assert tell(narrator, UP, "one\n") == ["one"]
    assert tell(narrator, UP, "one\ntwo\n") == ["two"]
    assert tell(narrator, UP, "one\ntwo\n") == []


def test_events_of_one_look_are_in_the_order_of_time(narrator: Narrator) -> None:
    """The service promises none. The log comes before the end that it led to."""
    killing = event("Killing", "Container churn terminated with ExitCode 3.", at=27)
    body = group(killing, STARTED, PULLED, PULLING, current=ended(3))
    assert tell(narrator, body, "boom\n") == [
        f"azure: pulling image {SHORT}",
        "azure: image pulled in 4 s",
        "azure: container started",
        "boom",
        "azure: container ended with exit code 3",
    ]


def test_a_count_that_grows_is_told_once_more(narrator: Narrator) -> None:
    tell(narrator, UP)
    started = event("Started", "Started container", at=20, last=40, count=2)
    again = group(PULLING, PULLED, started, current=RUNNING, restarts=1)
    assert tell(narrator, again) == ["azure: container started again (2 starts)"]
    assert tell(narrator, again) == []
    started = event("Started", "Started container", at=20, last=90, count=5)
    again = group(PULLING, PULLED, started, current=RUNNING, restarts=4)
    assert tell(narrator, again) == ["azure: container started again (5 starts)"]


def test_what_an_older_answer_shows_is_not_told_again(narrator: Narrator) -> None:
    tell(narrator, UP)
    assert tell(narrator, group(state="Pending")) == []
    assert tell(narrator, group(PULLING, current=CREATING)) == []
    assert tell(narrator, UP) == []


def test_what_happened_before_the_change_is_not_told() -> None:
    narrator = Narrator(service="churn", before=UP, log="old\n")
    assert tell(narrator, UP, "old\n") == []
    pulling = event("Pulling", PULLING["message"], at=1, last=70, count=2)
    body = group(pulling, PULLED, STARTED, current=RUNNING)
    assert tell(narrator, body, "old\nmore\n") == [f"azure: pulling image {SHORT}", "more"]


def test_a_group_that_is_made_anew_is_told_anew(narrator: Narrator) -> None:
    tell(narrator, UP)
    later = event("Started", "Started container", at=300)
    assert tell(narrator, group(later, current=RUNNING)) == [
        "azure: container started again (2 starts)"
    ]


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        (event("Pulling", 'pulling image "nginx"'), "pulling image nginx"),
        (event("Pulled", 'Successfully pulled image "nginx"'), "image pulled"),
        (event("Created", "Created container with id 1f"), "container created"),
        (event("Started", "Started container churn"), "container started"),
        (event("Killing", "Killing container with id 1f."), "container is being stopped"),
        (
            event("Killing", "Killing container churn (platform initiated)."),
            "container is being stopped",
        ),
        (
            event("BackOff", "Back-off restarting failed container", warn=True, count=3),
            "waiting before the container starts again (3 times)",
        ),
        (
            event("BackOff", f'Back-off pulling image "{IMAGE}"', warn=True),
            "waiting before the image is pulled again",
        ),
        (
            event("Failed", f'Failed to pull image "{IMAGE}": denied.', warn=True),
            f'failed to pull image "{SHORT}": denied',
        ),
        (
            event("Unhealthy", "Liveness probe failed: HTTP 503", warn=True, count=2),
            "liveness probe failed: HTTP 503 (2 times)",
        ),
        (event("FailedMount", "MountVolume failed", warn=True), "MountVolume failed"),
        (event("Odd", ""), "Odd"),
        (event("Odd", "OOM killer ran"), "OOM killer ran"),
    ],
)
def test_each_event_has_words(narrator: Narrator, happened: dict[str, Any], words: str) -> None:
    assert tell(narrator, group(happened, current=PULL_BACK_OFF)) == [f"azure: {words}"]


def test_an_event_of_the_group_is_told(narrator: Narrator) -> None:
    joined = event("JoinNetwork", "Join network succeeded.")
    assert tell(narrator, group(of_group=(joined,))) == ["azure: join network succeeded"]


def test_a_line_that_is_being_written_is_left_until_it_is_whole(narrator: Narrator) -> None:
    body = group(current=RUNNING)
    assert tell(narrator, body, "one\ntw") == ["one"]
    assert tell(narrator, body, "one\ntwo\n") == ["two"]
    assert tell(narrator, body, "one\ntwo\nlast") == []
    gone = group(current=ended(3))
    assert tell(narrator, gone, "one\ntwo\nlast") == ["last"]
    assert tell(narrator, gone, "one\ntwo\nlast") == []


def test_of_a_line_that_is_written_over_its_end_is_told(narrator: Narrator) -> None:
    assert tell(narrator, group(current=RUNNING), "1%\r50%\r100%\r\nnext\n") == ["100%", "next"]


def test_a_log_that_is_cut_when_the_container_ends_is_not_told_again(narrator: Narrator) -> None:
    lines = [f"line {number}" for number in range(100)]
    tell(narrator, group(current=RUNNING), "\n".join([*lines, ""]))
    kept = "\n".join(["e 60", *lines[61:], "the end", ""])
    assert tell(narrator, group(current=ended(3)), kept) == ["the end"]


def test_a_new_instance_is_told_from_its_first_line(narrator: Narrator) -> None:
    body = group(current=RUNNING)
    tell(narrator, body, "10:00 begin\n10:01 boom\n")
    assert tell(narrator, group(current=CRASH_LOOP), "") == []
    assert tell(narrator, body, "10:20 begin\n") == ["10:20 begin"]
    assert tell(narrator, body, "10:20 begin\n10:21 boom\n") == ["10:21 boom"]


@pytest.mark.parametrize("window", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("seed", range(10))
def test_windows_that_slide_are_joined_without_a_line_twice_or_lost(
    narrator: Narrator, window: int, seed: int
) -> None:
    chance = random.Random(seed)
    lines = [chance.choice(["same", f"line {number}"]) for number in range(60)]
    # Of lines that are the same nobody can know how many slid by.
    lines = [f"{number} {line}" if window < 7 else line for number, line in enumerate(lines)]
    body, told, end = group(current=RUNNING), [], 0
    while end < len(lines):
        step = chance.randint(0, window)
        end = min(end + step, len(lines))
        shown = lines[max(0, end - window) : end]
        told += tell(narrator, body, "".join(f"{line}\n" for line in shown))
    if window < 7:
        assert told == lines
    else:
        assert [line for line in told if line != "same"] == [
            each for each in lines if each != "same"
        ]
