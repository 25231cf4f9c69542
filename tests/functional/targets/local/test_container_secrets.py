"""Keys and certificates of a service in a container."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import docker
import pytest
import trustme

from acideploy.config.values import Serving
from acideploy.image.layer import text_entry
from tests.functional.targets.local.conftest import NAME, Workspace
from tests.service_images import ECHO, files_layer, service_image

KEYS = Serving(auth_enabled=True, primary_key="first-key", secondary_key="second-key")


def _status(port: int | None, key: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/score", body=b"1", headers={"Authorization": f"Bearer {key}"})
    return connection.getresponse().status


def test_keys_are_asked_for_and_change_at_once(workspace: Workspace) -> None:
    service = workspace.deploy(serving=KEYS)
    assert workspace.score()["greeting"] == "hello"
    assert (_status(service.port, "second-key"), _status(service.port, "wrong")) == (200, 401)
    with workspace.target.changing(NAME):
        keys = workspace.target.regenerate_key(NAME, "primary")
    assert (_status(service.port, keys.primary), _status(service.port, "first-key")) == (200, 401)
    with workspace.target.changing(NAME):
        workspace.target.stop(NAME)
        workspace.target.start(NAME)
    assert _status(service.port, keys.primary) == 200
    again = workspace.deploy(ECHO.replace("hello", "again"), serving=Serving(auth_enabled=True))
    assert _status(again.port, keys.primary) == 200


def test_keys_are_where_their_user_alone_can_read_them(
    workspace: Workspace, client: docker.APIClient
) -> None:
    service = workspace.deploy(serving=KEYS)
    for told in (
        client.inspect_container(service.container),
        client.inspect_image(client.inspect_container(service.container)["Image"]),
    ):
        assert "first-key" not in json.dumps(told)
    _, status = client.get_archive(service.container, "/var/acideploy/keys.json")
    assert status["mode"] & 0o777 == 0o600


@pytest.mark.parametrize("user", ["scorer", "1234", "1234:1235"])
def test_a_service_that_is_not_root_can_read_its_keys(workspace: Workspace, user: str) -> None:
    passwd = files_layer(
        [text_entry("etc/passwd", "root:x:0:0::/:/bin/sh\nscorer:x:1234:1235::/:/bin/sh\n")], "user"
    )
    image = service_image((*workspace.base, passwd), User=user)
    service = workspace.deploy(image=image, serving=KEYS)
    assert service.state == "running"
    assert _status(service.port, "first-key") == 200


def test_it_speaks_tls(workspace: Workspace, tmp_path: Path) -> None:
    certificate = trustme.CA().issue_cert("score.example.com")
    pem, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.cert_chain_pems[0].write_to_path(pem)
    certificate.private_key_pem.write_to_path(key)
    tls = Serving(
        auth_enabled=True,
        ssl_enabled=True,
        ssl_certificate=pem,
        ssl_key=key,
        cname="score.example.com",
    )
    assert (workspace.deploy(serving=tls).scoring_uri or "").startswith("https://")
    assert workspace.score()["greeting"] == "hello"
