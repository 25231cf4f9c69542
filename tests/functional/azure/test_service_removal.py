"""Services that are deleted from the emulator: what goes, what stays, and what is told."""

from __future__ import annotations

from acideploy.clock import SystemClock
from acideploy.events import Event, Noticed
from acideploy.targets.aci.group import VERSION
from acideploy.targets.aci.removal import remove
from acideploy.targets.aci.secrets import keys_name, revision_name
from acideploy.targets.aci.target import AciTarget
from tests.functional.azure.conftest import RunCli
from tests.functional.azure.services import NAME, deploy, group_named


def taken_away(target: AciTarget, *, purge: bool = False) -> list[str]:
    """The codes of what was told."""
    told: list[Event] = []
    remove(target, NAME, purge=purge, clock=SystemClock(), emit=told.append)
    return [each.problem.code for each in told if isinstance(each, Noticed)]


def test_the_secrets_of_every_revision_go_with_the_service(target: AciTarget) -> None:
    title = target.azure.workspace.group_name(NAME)
    for number, confirmed in ((1, True), (2, False), (3, True)):
        deploy(target, number, confirmed=confirmed)
    names = [keys_name(title), *(revision_name(title, number) for number in (1, 2, 3))]
    assert all(target.secrets.get(name) for name in names)
    assert taken_away(target) == []
    assert target.observe(NAME) is None
    assert not any(target.secrets.get(name) for name in names)
    assert target.revisions(NAME).numbers() == (3, 1)


def test_a_service_that_is_not_there_is_deleted_all_the_same(
    cli: RunCli, target: AciTarget
) -> None:
    code, out, err = cli(f"service delete -n {NAME}")
    assert code == 0
    assert '"name": "iris-svc"' in out
    assert f"note: there is no service {NAME} in resource group emulator" in err


def test_what_a_broken_off_deletion_left_goes_with_the_next(target: AciTarget) -> None:
    deploy(target, 1)
    target.azure.manager.send("DELETE", target.path(NAME), VERSION)
    assert taken_away(target) == ["nothing-to-delete"]
    assert not target.secrets.get(keys_name(target.azure.workspace.group_name(NAME)))


def test_a_purge_takes_images_and_records(target: AciTarget) -> None:
    deploy(target, 1)
    unconfirmed = deploy(target, 2, confirmed=False)
    assert taken_away(target, purge=True) == []
    assert target.revisions(NAME).numbers() == ()
    assert target.revisions(NAME).read(unconfirmed) is None


def test_a_purge_spares_images_that_another_group_runs(target: AciTarget) -> None:
    deploy(target, 1)
    other = group_named(target, "other", 1)
    path = f"{target.azure.workspace.groups}/other"
    target.azure.manager.send("PUT", path, VERSION, body=other)
    assert taken_away(target, purge=True) == ["images-stay"]
    assert target.revisions(NAME).numbers() == (1,)
    target.azure.manager.send("DELETE", path, VERSION)
    assert taken_away(target, purge=True) == ["nothing-to-delete"]
    assert target.revisions(NAME).numbers() == ()
