"""Keys and TLS, with a real server."""

from __future__ import annotations

import json
import socket
import ssl
from pathlib import Path

import pytest

from tests.serving_process import Start

ECHO = "def init(): pass\ndef run(data): return data"


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"primaryKey": "pk-123456", "secondaryKey": "sk-123456"}))
    return {"ACIDEPLOY_KEYS_FILE": str(path)}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_service_with_keys_asks_for_one(start: Start, keys: dict[str, str]) -> None:
    service = start(ECHO, keys)
    assert service.get("/").status == 200
    assert service.score("1").status == service.get("/swagger.json").status == 401
    assert service.score("1", bearer("pk-123456")).text == '"1"'
    assert service.get("/swagger.json", bearer("sk-123456")).status == 200
    assert service.score("1", bearer("pk-12345")).headers["www-authenticate"] == "Bearer"
    assert "123456" not in service.log


def test_new_keys_need_no_restart(start: Start, keys: dict[str, str]) -> None:
    service = start(ECHO, keys)
    path = Path(keys["ACIDEPLOY_KEYS_FILE"])
    path.write_text(json.dumps({"primaryKey": "new", "secondaryKey": "sk-123456"}))
    assert service.score("1", bearer("pk-123456")).status == 401
    assert service.score("1", bearer("new")).status == 200


def test_an_unusable_keys_file_keeps_the_service_from_starting(
    start: Start, keys: dict[str, str]
) -> None:
    Path(keys["ACIDEPLOY_KEYS_FILE"]).write_text("{}")
    service = start(ECHO, keys, wait=False)
    assert service.wait() == 3
    assert "has no primaryKey and secondaryKey" in service.log


def test_a_preflight_needs_no_key_and_never_reaches_the_script(
    start: Start, keys: dict[str, str]
) -> None:
    script = (
        "from azureml.contrib.services.aml_request import rawhttp\n"
        "def init(): pass\n@rawhttp\ndef run(request):\n    print('reached')\n    return 'hello'"
    )
    service = start(script, {**keys, "AML_CORS_ORIGINS": "https://a.example"})
    asked = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    reply = service.request("OPTIONS", "/score", headers=asked)
    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == "https://a.example"
    assert "reached" not in service.log
    assert service.request("OPTIONS", "/score").status == 401


def test_a_service_with_a_certificate_speaks_tls_1_2_and_later(
    start: Start, tls: tuple[Path, dict[str, str]]
) -> None:
    authority, variables = tls
    service = start(ECHO, variables, tls=authority)
    assert service.score("1").text == '"1"'
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=str(authority))
        context.minimum_version = context.maximum_version = version
        with (
            socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection,
            context.wrap_socket(connection, server_hostname="localhost") as secured,
        ):
            assert secured.version() == version.name.replace("_", ".")


def test_an_unreadable_certificate_keeps_the_service_from_starting(
    start: Start, tls: tuple[Path, dict[str, str]]
) -> None:
    authority, variables = tls
    Path(variables["ACIDEPLOY_TLS_CERTIFICATE"]).write_text("not a certificate")
    service = start(ECHO, variables, tls=authority, wait=False)
    assert service.wait() == 3
    assert "ACIDEPLOY_TLS_CERTIFICATE" in service.log
    assert "Traceback" not in service.log
