"""A service in a container, from its first deploy to its end, with Docker and with Podman."""

from __future__ import annotations

import docker
import pytest

from acideploy.config.values import Limits
from acideploy.errors import NotFoundError
from acideploy.events import Started
from tests.functional.targets.local.conftest import NAME, Workspace
from tests.service_images import ECHO


def _containers(client: docker.APIClient, workspace: Workspace) -> list[str]:
    label = f"acideploy.workspace={workspace.services}"
    found = client.containers(all=True, filters={"label": [label]})
    return [each["Names"][0].lstrip("/") for each in found]


def _images(client: docker.APIClient) -> list[str]:
    tags = [tag for each in client.images() for tag in each["RepoTags"] or ()]
    return [tag for tag in tags if f"/{NAME}:" in tag]


def test_a_service_in_a_container_answers_and_tells_what_runs_it(
    workspace: Workspace, client: docker.APIClient
) -> None:
    service = workspace.deploy(limits=Limits(cpu=0.5, memory_in_gb=0.5))
    assert (service.state, service.runtime, service.error) == ("running", "container", None)
    assert workspace.score() == {"greeting": "hello", "data": 1}
    assert service.container is not None
    found = client.inspect_container(service.container)
    assert found["Id"] == service.container_id
    assert found["HostConfig"]["Memory"] == 512 * 1024**2
    assert found["HostConfig"]["NanoCpus"] == 500_000_000
    assert found["HostConfig"]["RestartPolicy"]["Name"] in ("", "no")
    published = found["NetworkSettings"]["Ports"]["5001/tcp"]
    assert [(each["HostIp"], each["HostPort"]) for each in published] == [
        ("127.0.0.1", str(service.port))
    ]
    assert not found["Mounts"]


def test_its_log_is_read_and_followed_over_a_restart(workspace: Workspace) -> None:
    workspace.deploy()
    target = workspace.target
    assert "the model is here" in target.logs(NAME, lines=100)
    followed = target.follow_logs(NAME, lines=1)
    assert "Listening at" in next(followed)
    workspace.score()
    assert next(followed).endswith("scored")
    with target.changing(NAME):
        target.stop(NAME)
        target.start(NAME)
    assert any(next(followed).endswith("the model is here") for _ in range(50))
    assert "scored" in target.logs(NAME, lines=100, previous=True)
    assert "scored" not in target.logs(NAME, lines=100)


def test_it_stops_and_starts_on_the_same_port(workspace: Workspace) -> None:
    port = workspace.deploy().port
    with workspace.target.changing(NAME):
        assert workspace.target.stop(NAME).state == "stopped"
    with workspace.target.changing(NAME):
        started = workspace.target.start(NAME)
    assert (started.state, started.port) == ("running", port)
    assert workspace.score()["greeting"] == "hello"


def test_a_deleted_service_leaves_nothing(workspace: Workspace, client: docker.APIClient) -> None:
    workspace.deploy()
    assert len(_containers(client, workspace)) == len(_images(client)) == 1
    workspace.target.delete(NAME)
    assert _containers(client, workspace) == _images(client) == []
    assert list(workspace.services.glob("*/")) == []
    with pytest.raises(NotFoundError):
        workspace.show()


def test_a_replaced_revision_leaves_nothing(workspace: Workspace, client: docker.APIClient) -> None:
    first = workspace.deploy()
    second = workspace.deploy(ECHO.replace("hello", "again"))
    assert (second.port, second.state) == (first.port, "running")
    assert workspace.score()["greeting"] == "again"
    assert _containers(client, workspace) == [second.container]
    assert len(_images(client)) == 1
    assert second.image_digest != first.image_digest


def test_a_changed_script_sends_what_changed_and_no_more(
    workspace: Workspace, client: docker.APIClient
) -> None:
    workspace.deploy()
    workspace.events.clear()
    workspace.deploy(ECHO.replace("hello", "again"))
    sent = [event.total or 0 for event in _image_tasks(workspace)]
    if "Podman" in str(client.version()["Components"]):
        # It takes whole images only.
        assert len(sent) == 1
    else:
        assert len(sent) == 1
        assert sent[0] < 100_000


def test_the_same_image_is_not_sent_again(workspace: Workspace) -> None:
    workspace.deploy()
    workspace.events.clear()
    workspace.deploy()
    assert [event.total for event in _image_tasks(workspace)] == [None]


def _image_tasks(workspace: Workspace) -> list[Started]:
    return [
        event for event in workspace.events if isinstance(event, Started) and event.task == "image"
    ]


def test_services_of_two_workspaces_may_have_one_name(
    workspace: Workspace, client: docker.APIClient
) -> None:
    other = Workspace(workspace.directory / "other", workspace.host, workspace.base)
    other.directory.mkdir()
    workspace.deploy()
    other.deploy(ECHO.replace("hello", "other"))
    assert (workspace.score()["greeting"], other.score()["greeting"]) == ("hello", "other")
    other.clean()
    assert workspace.score()["greeting"] == "hello"
    assert len(_images(client)) == 1


def test_pruning_removes_what_no_service_has(
    workspace: Workspace, client: docker.APIClient
) -> None:
    service = workspace.deploy()
    unused = f"{_images(client)[0].rpartition('-')[0]}-unused"
    client.tag(_images(client)[0], *unused.rsplit(":", 1))
    assert list(workspace.target.prune()) == [unused]
    assert workspace.show().state == "running"
    assert _containers(client, workspace) == [service.container]
