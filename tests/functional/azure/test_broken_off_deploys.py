"""Deploys that are broken off at every moment, and several of one service at the same time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from acideploy.errors import BusyError
from acideploy.events import Event, Finished, Started
from acideploy.targets import Service
from tests.azure_services import AzureServices

OPEN = {"computeType": "ACI", "authEnabled": True}
SMALL = {"containerResourceRequirements": {"cpu": 0.5, "memoryInGB": 1}}


class _BreakingOff:
    """Listens, and breaks off at event number `at`; None at none."""

    def __init__(self, at: int | None = None) -> None:
        self.heard: list[Event] = []
        self._at = at

    def __call__(self, event: Event) -> None:
        self.heard.append(event)
        if len(self.heard) - 1 == self._at:
            raise KeyboardInterrupt


def _broken_off(services: AzureServices, name: str, at: int) -> bool:
    """Whether a deploy told so much that it could be broken off there."""
    try:
        services.deploy(name, emit=_BreakingOff(at))
    except KeyboardInterrupt:
        return True
    return False


def _assert_whole(services: AzureServices, names: set[str]) -> None:
    """There are the groups and secrets of these services and no others."""
    groups = {f"{name}-{services.mark}" for name in names}
    assert {each["name"] for each in services.groups()} == groups
    keys = {f"acideploy-{group}-keys" for group in groups}
    assert services.secrets() - {f"acideploy-pull-{services.mark}"} == keys


def test_a_first_deploy_goes_on_wherever_it_was_broken_off(services: AzureServices) -> None:
    services.write("deployment.json", OPEN)
    names = set()
    for at in range(100):
        name = f"svc-{at}"
        names.add(name)
        if not _broken_off(services, name, at):
            break
        service = services.deploy(name)
        assert (service.state, service.revision) == ("Healthy", 1), at
    assert 10 < len(names) < 100
    _assert_whole(services, names)


@pytest.mark.parametrize("change", ["in place", "by another group"])
def test_a_change_goes_on_wherever_it_was_broken_off(services: AzureServices, change: str) -> None:
    for at in range(100):
        services.write("deployment.json", OPEN)
        services.write("score.py", "def init(): pass\ndef run(data): return data\n")
        before = services.deploy()
        services.write("score.py", f"def init(): pass\ndef run(data): return {at}\n")
        if change == "by another group":
            services.write("deployment.json", {**OPEN, **SMALL})
        was_broken_off = _broken_off(services, "web", at)
        service = services.deploy()
        assert (service.state, service.revision) == ("Healthy", before.revision + 1), at
        if not was_broken_off:
            break
    assert at > 5
    _assert_whole(services, {"web"})


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("is_same", [False, True])
def test_of_two_deploys_at_once_one_is_served_and_the_other_is_told(
    services: AzureServices, is_there: bool, is_same: bool
) -> None:
    if is_there:
        services.deploy()
    services.write("score.py", "def init(): pass\ndef run(data): return [data]\n")
    start = threading.Barrier(2)

    def deploy(who: str) -> Service | BusyError:
        start.wait(10)
        try:
            return services.deploy(tags={"who": who}, emit=_starting_slowly)
        except BusyError as error:
            return error

    with ThreadPoolExecutor(2) as threads:
        names = ("both", "both") if is_same else ("one", "other")
        ended = list(threads.map(deploy, names, timeout=60))
    won = [each for each in ended if not isinstance(each, BusyError)]
    present = services.workspace().show_service("web")
    assert present.state == "Healthy"
    assert present.tags in [each.tags for each in won]
    # Where both have ended well, one began when the other had ended.
    assert len({each.revision for each in won if each.tags == present.tags}) == 1
    _assert_confirmed(services)


def test_a_deploy_does_not_change_what_another_has_made_meanwhile(services: AzureServices) -> None:
    services.deploy(tags={"who": "before"})
    services.write("score.py", "def init(): pass\ndef run(data): return [data]\n")

    def meanwhile(event: Event) -> None:
        if isinstance(event, Started) and event.task == "group":
            services.deploy(tags={"who": "meanwhile"})

    with pytest.raises(BusyError, match="meanwhile"):
        services.deploy(tags={"who": "late"}, emit=meanwhile)
    present = services.workspace().show_service("web")
    assert (present.state, present.revision, present.tags) == ("Healthy", 2, {"who": "meanwhile"})
    _assert_confirmed(services)
    assert services.deploy(tags={"who": "late"}).tags == {"who": "late"}


@pytest.mark.parametrize(("told", "no_wait"), [("group", True), ("service", False)])
def test_a_deploy_that_another_one_crossed_is_told_so_and_not_success(
    services: AzureServices, told: str, no_wait: bool
) -> None:
    def crossing(event: Event) -> None:
        """The request of another deploy, which had found nothing there, arrives behind ours."""
        if isinstance(event, Finished) and event.task == told:
            [group] = services.groups()
            tags = {**group["tags"], "acideploy.deploy": "theirs"}
            services.azure.arm("PATCH", group["id"], {"tags": tags})

    with pytest.raises(BusyError, match="another deploy of service web took its place"):
        services.deploy(no_wait=no_wait, emit=crossing)


def test_a_stopped_service_is_started_by_the_same_deploy(services: AzureServices) -> None:
    services.deploy()
    assert services.workspace().stop_service("web").state == "Stopped"
    assert services.deploy().state == "Healthy"


def _starting_slowly(event: Event) -> None:
    """A container is not there at once: who came a moment later is seen while one waits for it."""
    if isinstance(event, Finished) and event.task == "group":
        time.sleep(1)


def _assert_confirmed(services: AzureServices) -> None:
    """What is served is what is written down as the newest revision that was healthy."""
    newest, *_ = services.workspace().service_history("web")
    (group,) = services.groups()
    assert newest.group["tags"].items() <= group["tags"].items()
