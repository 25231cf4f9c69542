"""What goes wrong with a service in a container, and what is told of it."""

from __future__ import annotations

import docker
import pytest

from acideploy.config.values import Limits
from acideploy.errors import EngineError, PortError, ServiceFailedError
from acideploy.events import Noticed
from acideploy.image.layer import Entry
from acideploy.targets.local.port import free_port
from acideploy.targets.local.runnable import ImageSource
from tests.functional.targets.local.conftest import NAME, Workspace
from tests.service_images import ECHO, files_layer, service_image

BROKEN = """
def init():
    {}["missing"]
def run(data): pass
"""
HUNGRY = """
def init():
    global held
    held = b"x" * (1 << 30)
def run(data): pass
"""


def test_a_crash_is_traced_to_the_line_of_the_script(workspace: Workspace) -> None:
    with pytest.raises(ServiceFailedError, match=r"init\(\) raised KeyError: 'missing'") as raised:
        workspace.deploy(BROKEN)
    place = raised.value.place
    assert place is not None
    assert (place.file, place.line) == (str(workspace.script), 3)
    assert "last lines of the log" in (raised.value.detail or "")
    service = workspace.show()
    assert service.state == "failed"
    assert "KeyError: 'missing'" in (service.error or "")
    assert "KeyError" in workspace.target.logs(NAME, lines=100)
    assert workspace.deploy().state == "running"


def test_a_candidate_that_fails_leaves_the_old_one_running(workspace: Workspace) -> None:
    before = workspace.deploy()
    with pytest.raises(ServiceFailedError, match="revision 1 goes on serving"):
        workspace.deploy(BROKEN)
    service = workspace.show()
    assert service.container_id == before.container_id
    assert (service.state, service.revision) == ("running", 1)
    assert "the last deploy failed: init() raised KeyError" in (service.error or "")
    assert workspace.score()["greeting"] == "hello"


def test_a_service_that_needs_more_memory_than_it_may_have_says_so(workspace: Workspace) -> None:
    with pytest.raises(ServiceFailedError) as raised:
        workspace.deploy(HUNGRY, limits=Limits(memory_in_gb=0.25))
    assert "the service ran out of memory (limit 0.25 GB)" in str(raised.value)
    assert "memoryInGB" in (raised.value.hint or "")


def test_an_image_without_the_python_that_it_starts_with_is_told(workspace: Workspace) -> None:
    image = service_image(workspace.base, Entrypoint=["python9.9", "-m", "acideploy_serving"])
    with pytest.raises(ServiceFailedError, match=r"the image has no python9\.9"):
        workspace.deploy(image=image)
    assert workspace.target.folders.names() == (NAME,)
    assert "has no python9.9" in (workspace.show().error or "")


def test_an_image_for_another_kind_of_processor_is_told(workspace: Workspace) -> None:
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00" + bytes(44)
    program = Entry(
        path="usr/local/bin/python3",
        kind="file",
        content=header,
        size=len(header),
        executable=True,
    )
    base = (*workspace.base, files_layer([program], "another python"))
    with pytest.raises(ServiceFailedError, match="the image is for another kind of processor"):
        workspace.deploy(image=service_image(base))


def test_a_container_that_ended_is_told_with_its_exit_code(
    workspace: Workspace, client: docker.APIClient
) -> None:
    service = workspace.deploy()
    client.kill(service.container)
    shown = workspace.show()
    assert shown.state == "failed"
    assert "exit code 137" in (shown.error or "")
    with pytest.raises(ServiceFailedError, match=r"cannot score: .*exit code 137"):
        workspace.score()


def test_a_container_removed_by_hand_is_told_and_comes_back(
    workspace: Workspace, client: docker.APIClient
) -> None:
    service = workspace.deploy()
    client.remove_container(service.container, force=True)
    shown = workspace.show()
    assert shown.state == "failed"
    assert f"its container {service.container} was removed" in (shown.error or "")
    assert f"acideploy service start -n {NAME}" in (shown.error or "")
    with workspace.target.changing(NAME):
        assert workspace.target.start(NAME).state == "running"
    assert workspace.score()["greeting"] == "hello"


def test_a_service_whose_engine_is_down_is_unknown_and_can_be_replaced_by_a_process(
    workspace: Workspace, client: docker.APIClient
) -> None:
    service = workspace.deploy()
    record = workspace.services / NAME / "service.json"
    noted = workspace.services / NAME / "revisions" / "1" / "container.json"
    for file in (record, noted):
        file.write_text(file.read_text().replace(workspace.host, "unix:///nowhere/engine.sock"))
    shown = workspace.show()
    assert shown.state == "unknown"
    assert "/nowhere/engine.sock: no such file or directory" in (shown.error or "")
    with pytest.raises(EngineError), workspace.target.changing(NAME):
        workspace.target.stop(NAME)
    assert workspace.show().state == "unknown"
    with pytest.raises(EngineError):
        workspace.target.delete(NAME)
    # The container goes on, and has the port.
    with pytest.raises(PortError):
        workspace.deploy(runtime="process")
    port = free_port([])
    assert workspace.deploy(runtime="process", port=port).state == "running"
    assert client.inspect_container(service.container)["State"]["Running"]
    # The engine answers again.
    noted.write_text(noted.read_text().replace("unix:///nowhere/engine.sock", workspace.host))
    with workspace.target.changing(NAME):
        assert not noted.exists()
    with pytest.raises(docker.errors.NotFound):
        client.inspect_container(service.container)
    tags = [tag for each in client.images() for tag in each["RepoTags"] or ()]
    assert [tag for tag in tags if f"/{NAME}:" in tag] == []


def test_what_cannot_be_pulled_is_loaded(workspace: Workspace) -> None:
    workspace.source = ImageSource(reference=f"localhost:1/nothing@sha256:{64 * '0'}")
    assert workspace.deploy().state == "running"
    notes = [event.problem.code for event in workspace.events if isinstance(event, Noticed)]
    assert notes == ["image-not-pulled"]


def test_no_engine_is_told_before_anything_is_made(workspace: Workspace) -> None:
    workspace.host = "unix:///nowhere/engine.sock"
    with pytest.raises(EngineError, match="no container engine answers; tried unix:///nowhere"):
        workspace.deploy()
    assert workspace.target.folders.names() == ()
    assert workspace.deploy(ECHO, runtime="auto").runtime == "process"
