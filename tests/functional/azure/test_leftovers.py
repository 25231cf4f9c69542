"""Deploys that the emulator fails: each says what stays there, and the command against it."""

from __future__ import annotations

from typing import Any

import pytest

from acideploy.clock import SystemClock
from acideploy.errors import AcideployError
from acideploy.observe import looks
from acideploy.targets.aci.group import VERSION, Confidential, Pull
from acideploy.targets.aci.rollback import require_revision
from acideploy.targets.aci.target import AciTarget
from acideploy.targets.aci.view import is_moving
from tests.container_groups import fault
from tests.emulated import Emulated
from tests.functional.azure.services import NAME, deploy, revision_of

QUOTA = {"quota": True}


class Hasty(SystemClock):
    """Ten minutes pass each time that somebody waits."""

    def __init__(self) -> None:
        self._passed = 0.0

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        self._passed += 600


def hasty(target: AciTarget) -> AciTarget:
    return AciTarget(
        target.azure,
        registry=target._registry,
        secrets=target.secrets,
        crash_logs=target.crash_logs,
        clock=Hasty(),
    )


def failed(target: AciTarget, number: int, *, replacing: bool = False) -> str:
    """The hint of a deploy that fails."""
    revision = revision_of(target, number)
    with pytest.raises(AcideployError) as caught:
        target.apply(
            revision,
            revision.group["tags"],
            pull=Pull(kind="anonymous"),
            wait=True,
            replacing=replacing,
            confidential=Confidential(),
        )
    return caught.value.hint or ""


def _settle(target: AciTarget) -> None:
    """Whoever is in a hurry does not wait for an operation of somebody else."""
    for _ in looks(clock=SystemClock(), every=0.05):
        group = target.azure.manager.get(target.path(NAME), VERSION)
        if group and not is_moving(group):
            return


@pytest.mark.parametrize(
    ("rule", "present", "replacing", "words"),
    [
        # No engine runs anything: it never answers.
        ({}, False, False, f"acideploy service delete -n {NAME}"),
        ({}, True, False, f"acideploy service rollback -n {NAME}"),
        (QUOTA, False, False, f"acideploy service delete -n {NAME} --purge"),
        (QUOTA, True, True, f"acideploy service rollback -n {NAME}"),
    ],
)
def test_a_failed_deploy_tells_what_it_left(
    azure: Emulated,
    target: AciTarget,
    rule: dict[str, Any],
    present: bool,
    replacing: bool,
    words: str,
) -> None:
    if present:
        deploy(target, 1)
        _settle(target)
    if rule:
        fault(azure, **rule)
    first, _, left = failed(hasty(target), 2, replacing=replacing).rpartition("\n")
    assert first
    assert left.startswith("left behind: ")
    assert left.endswith(words)


def test_a_service_whose_group_is_gone_has_its_last_healthy_revision_to_go_back_to(
    target: AciTarget,
) -> None:
    deploy(target, 1)
    deploy(target, 2)
    target.azure.manager.send("DELETE", target.path(NAME), "2023-05-01")
    assert require_revision(target, NAME, None).number == 2
