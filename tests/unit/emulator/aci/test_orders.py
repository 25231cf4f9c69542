"""Logins for images."""

from __future__ import annotations

import pytest

from acideploy.emulator.aci.orders import credentials_for, no_login, registry_of
from acideploy.emulator.aci.runtime import Credentials

_KNOWN = Credentials(server="localhost:8444", username="token", password="p")


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("nginx", "index.docker.io"),
        ("library/nginx:1", "index.docker.io"),
        ("docker.io/library/nginx", "index.docker.io"),
        ("localhost/a", "localhost"),
        ("localhost:8444/a/b@sha256:00", "localhost:8444"),
        ("r.azurecr.io/a:1", "r.azurecr.io"),
    ],
)
def test_an_image_s_name_says_which_registry_has_it(image: str, registry: str) -> None:
    assert registry_of(image) == registry


def test_an_identity_of_the_request_logs_in_at_its_registry_only() -> None:
    asked = []

    def login(identity: str, server: str) -> Credentials | None:
        asked.append((identity, server))
        return _KNOWN

    logins = [{"server": "LOCALHOST:8444", "identity": "/i"}]
    document = {"properties": {"imageRegistryCredentials": logins}}
    assert credentials_for(document, "localhost:8444/a", login) == _KNOWN
    assert credentials_for(document, "localhost:9000/a", login) is None
    assert asked == [("/i", "LOCALHOST:8444")]
    assert credentials_for(document, "localhost:8444/a", no_login) is None
