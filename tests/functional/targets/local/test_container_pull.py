"""An image that an engine pulls from a registry instead of being given it."""

from __future__ import annotations

import docker

from acideploy.clock import SystemClock
from acideploy.events import Advanced, Noticed, Started
from acideploy.registry.acr import AcrRegistry
from acideploy.registry.push import push
from acideploy.targets.local.runnable import ImageSource
from tests.functional.conftest import Trust
from tests.functional.targets.local.conftest import Workspace
from tests.parts.registry import RunningRegistry
from tests.service_images import ECHO, service_image


def test_an_image_in_a_registry_is_pulled(
    workspace: Workspace,
    registry_part: RunningRegistry,
    trust: Trust,
    client: docker.APIClient,
) -> None:
    trust(registry_part)
    image = service_image(workspace.base, script=ECHO.replace("hello", "pulled"))
    push(
        image.artifact,
        registry=AcrRegistry(registry_part.host, clock=SystemClock()),
        repository="services/echo-svc",
        tag=None,
        clock=SystemClock(),
        emit=workspace.events.append,
    )
    workspace.events.clear()
    reference = f"{registry_part.host}/services/echo-svc@{image.digest}"
    workspace.source = ImageSource(reference=reference)
    service = workspace.deploy(ECHO.replace("hello", "pulled"), image=image)
    assert [event for event in workspace.events if isinstance(event, Noticed)] == []
    assert workspace.score()["greeting"] == "pulled"
    assert service.image_digest == image.digest
    assert client.inspect_container(service.container)["Image"] == image.id
    begun = [each for each in workspace.events if isinstance(each, Started)]
    assert [each.total for each in begun if each.task == "image"] == [image.size]
    told = [each.done for each in workspace.events if isinstance(each, Advanced)]
    assert all(done <= image.size for done in told)
    workspace.clean()
    assert image.id not in [each["Id"] for each in client.images(all=True)]
