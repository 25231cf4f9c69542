"""Where a container engine is looked for."""

from __future__ import annotations

import pytest

from acideploy.errors import EngineError
from acideploy.targets.local.endpoint import Endpoint, endpoints, is_on_this_machine
from acideploy.targets.local.engines import connect

CONTEXT = Endpoint(address="unix:///home/ada/.docker/desktop/docker.sock", source="docker context")


def test_the_usual_sockets_are_tried_in_order() -> None:
    found = endpoints({"XDG_RUNTIME_DIR": "/run/user/1000"}, context=CONTEXT)
    assert [each.address for each in found] == [
        CONTEXT.address,
        "unix:///var/run/docker.sock",
        "unix:///run/user/1000/podman/podman.sock",
        "unix:///run/podman/podman.sock",
    ]


@pytest.mark.parametrize("name", ["DOCKER_HOST", "CONTAINER_HOST"])
def test_a_variable_means_that_engine_and_no_other(name: str) -> None:
    found = endpoints({name: "unix:///mine.sock", "XDG_RUNTIME_DIR": "/run"}, context=CONTEXT)
    assert found == (Endpoint(address="unix:///mine.sock", source=name),)


def test_docker_host_goes_before_container_host() -> None:
    (found,) = endpoints({"CONTAINER_HOST": "unix:///podman", "DOCKER_HOST": "unix:///docker"})
    assert found.source == "DOCKER_HOST"


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("unix:///var/run/docker.sock", True),
        ("tcp://127.0.0.1:2375", True),
        ("tcp://[::1]:2375", True),
        ("tcp://localhost:2375", True),
        ("tcp://10.0.0.4:2375", False),
        ("https://engine.contoso.com:2376", False),
        ("ssh://ada@engine.contoso.com", False),
    ],
)
def test_an_engine_elsewhere_is_told_from_one_here(address: str, here: bool) -> None:
    assert is_on_this_machine(address) is here


def test_an_engine_elsewhere_is_refused() -> None:
    with pytest.raises(EngineError, match="is on another machine") as raised:
        connect([Endpoint(address="ssh://ada@contoso.com", source="DOCKER_HOST")], variables={})
    assert "--runtime process" in (raised.value.hint or "")


def test_every_place_that_was_tried_is_named_with_its_reason() -> None:
    places = [Endpoint(address=f"unix:///nowhere/{name}", source="") for name in ("one", "two")]
    with pytest.raises(EngineError) as raised:
        connect(places, variables={})
    reason = "no such file or directory"
    assert raised.value.message == (
        "no container engine answers; "
        f"tried unix:///nowhere/one: {reason}; unix:///nowhere/two: {reason}"
    )
    assert "systemctl start docker" in (raised.value.hint or "")
