"""From one revision to the next where a container is one of them, and commands that are killed."""

from __future__ import annotations

import json
from collections.abc import Callable

import docker
import pytest

from acideploy.clock import SystemClock
from acideploy.config.values import Runtime, Serving
from acideploy.errors import DeadlineError, ServiceFailedError
from acideploy.observe import wait_for
from acideploy.targets.local import rollout
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.server import Server, answers
from tests.functional.targets.local.conftest import NAME, Workspace
from tests.service_images import ECHO

NEW = ECHO.replace("hello", "new")


def _wait(look: Callable[[], bool]) -> None:
    wait_for(
        lambda: look() or None,
        clock=SystemClock(),
        within=60,
        every=0.1,
        overdue=lambda: DeadlineError("it never happened"),
    )


def _begun(workspace: Workspace, script: str) -> tuple[ServiceFolder, Server]:
    """A candidate as a command leaves it that is killed while it waits."""
    wanted, folder = workspace.wanted(script), workspace.target.folders.folder(NAME)
    runnable = workspace.runnable(wanted)
    with folder.locked():
        record = rollout.begin(folder, wanted, runnable, taken_ports={})
        record = rollout.start(
            folder, record, wanted, runnable, store=workspace.store, emit=workspace.events.append
        )
    assert record.candidate is not None
    return folder, folder.server(record.candidate)


def _containers(client: docker.APIClient, workspace: Workspace) -> int:
    label = f"acideploy.workspace={workspace.services}"
    return len(client.containers(all=True, filters={"label": [label]}))


@pytest.mark.parametrize(("before", "after"), [("process", "container"), ("container", "process")])
def test_a_process_and_a_container_take_each_others_place(
    workspace: Workspace, client: docker.APIClient, before: Runtime, after: Runtime
) -> None:
    keys = Serving(auth_enabled=True)
    old = workspace.deploy(runtime=before, serving=keys)
    new = workspace.deploy(NEW, runtime=after, serving=keys)
    assert (old.runtime, new.runtime) == (before, after)
    assert (new.state, new.port, new.error) == ("running", old.port, None)
    assert workspace.score()["greeting"] == "new"
    assert _containers(client, workspace) == (1 if after == "container" else 0)
    assert [each.name for each in workspace.target.folders.folder(NAME).revisions()] == ["2"]


def test_a_candidate_that_cannot_take_the_port_gives_the_service_back(
    workspace: Workspace,
) -> None:
    """The script starts once, on its trial port, and not a second time."""
    workspace.deploy()
    once = workspace.directory / "started"
    script = f"""
        from pathlib import Path
        def init():
            Path({str(once)!r}).touch(exist_ok=False)
        def run(data): pass
    """
    with pytest.raises(ServiceFailedError, match="revision 1 is started again") as raised:
        workspace.deploy(script, runtime="process")
    assert "init() raised FileExistsError" in raised.value.message
    _wait(lambda: workspace.show().state == "running")
    service = workspace.show()
    assert (service.revision, service.runtime) == (1, "container")
    assert "FileExistsError" in (service.error or "")
    assert workspace.score()["greeting"] == "hello"


def test_a_first_deploy_that_was_killed_is_taken_up(workspace: Workspace) -> None:
    _, server = _begun(workspace, ECHO)
    assert workspace.target.folders.folder(NAME).record().candidate.trial_port is None  # type: ignore[union-attr]
    _wait(lambda: answers(server))
    assert workspace.show().state == "running"
    assert workspace.target.folders.folder(NAME).record().current is not None  # type: ignore[union-attr]


def test_a_deploy_that_was_killed_on_its_trial_port_is_taken_away(
    workspace: Workspace, client: docker.APIClient
) -> None:
    before = workspace.deploy()
    _, server = _begun(workspace, NEW)
    assert server.revision.trial_port not in (None, before.port)
    _wait(lambda: answers(server))
    after = workspace.show()
    assert (after.state, after.container_id) == ("running", before.container_id)
    assert _containers(client, workspace) == 1
    assert workspace.score()["greeting"] == "hello"


def test_a_deploy_that_was_killed_while_it_switched_gives_the_service_back(
    workspace: Workspace, client: docker.APIClient
) -> None:
    before = workspace.deploy()
    folder, server = _begun(workspace, NEW)
    _wait(lambda: answers(server))
    file = folder.path / "service.json"
    written = json.loads(file.read_text())
    client.stop(before.container, timeout=0)
    written["candidate"]["trial_port"], written["switching"] = None, True
    file.write_text(json.dumps(written))
    _wait(lambda: workspace.show().state == "running")
    assert (workspace.show().revision, workspace.show().port) == (1, before.port)
    assert workspace.score()["greeting"] == "hello"
    assert _containers(client, workspace) == 1


def test_a_deploy_nobody_waits_for_is_finished_all_the_same(workspace: Workspace) -> None:
    workspace.deploy()
    with workspace.target.changing(NAME):
        workspace.apply(workspace.wanted(NEW), wait=False)
    _wait(lambda: workspace.show().revision == 2)
    _wait(lambda: workspace.show().state == "running")
    assert workspace.score()["greeting"] == "new"


def test_a_service_can_be_stopped_while_its_deploy_goes_on(
    workspace: Workspace, client: docker.APIClient
) -> None:
    with workspace.target.changing(NAME, new=True):
        workspace.apply(workspace.wanted(f"import time\ntime.sleep(60)\n{ECHO}"), wait=False)
    workspace.target.delete(NAME)
    assert _containers(client, workspace) == 0
