"""The layer in front of the scoring application."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acideploy.serving.runtime import gate
from acideploy.serving.runtime.gate import Gate
from acideploy.serving.runtime.settings import Settings, SettingsError

Call = Callable[..., tuple[str, dict[str, str], bytes]]


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"primaryKey": "first", "secondaryKey": "sécond"}))
    return path


def settings(**changes: Any) -> Settings:
    values: dict[str, Any] = {
        "app_root": Path("/"),
        "host": "127.0.0.1",
        "port": 5001,
        "workers": 1,
        "worker_timeout": 300,
        "preload": False,
        "tls_certificate": None,
        "tls_key": None,
        "keys_file": None,
        "revision": None,
        "cors": False,
    }
    return Settings(**{**values, **changes})


def calling(application: Callable[..., Any], **changes: Any) -> Call:
    """Calls the application behind a gate; gives the status, the headers and the body."""
    front = Gate(application, settings(**changes))

    def call(path: str = "/score", body: bytes = b"", **environ: Any) -> Any:
        answer: list[Any] = []
        base = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "wsgi.input": io.BytesIO(body)}
        chunks = front({**base, **environ}, lambda *rest: answer.extend(rest))
        return answer[0], dict(answer[1]), b"".join(chunks)

    return call


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("x-app", "yes")])
    return [environ["wsgi.input"].read()]


def test_without_a_keys_file_everything_is_open() -> None:
    assert calling(echo)(body=b"hello") == ("200 OK", {"x-app": "yes"}, b"hello")


def test_without_a_key_the_answer_is_401_and_says_what_to_send(keys_file: Path) -> None:
    status, headers, body = calling(echo, keys_file=keys_file)()
    assert status == "401 Unauthorized"
    assert headers["WWW-Authenticate"] == "Bearer"
    assert headers["Content-Type"] == "application/json"
    assert "Authorization: Bearer" in json.loads(body)["message"]


@pytest.mark.parametrize("authorization", ["Bearer first", "bearer first", "Bearer  first "])
def test_the_primary_key_opens(keys_file: Path, authorization: str) -> None:
    call = calling(echo, keys_file=keys_file)
    assert call(HTTP_AUTHORIZATION=authorization)[0] == "200 OK"


def test_the_secondary_key_opens_whatever_its_characters(keys_file: Path) -> None:
    header = "Bearer sécond".encode().decode("latin-1")
    assert calling(echo, keys_file=keys_file)(HTTP_AUTHORIZATION=header)[0] == "200 OK"


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "first",
        "Basic first",
        "Bearer firs",
        "Bearer firstt",
        "Bearer \xff",
    ],
)
def test_anything_else_does_not_open(keys_file: Path, authorization: str) -> None:
    call = calling(echo, keys_file=keys_file)
    assert call(HTTP_AUTHORIZATION=authorization)[0] == "401 Unauthorized"


def test_the_health_route_needs_no_key(keys_file: Path) -> None:
    assert calling(echo, keys_file=keys_file)("/")[0] == "200 OK"


@pytest.mark.parametrize("path", ["/score", "/swagger.json", "//", "/../", "/anything", ""])
def test_every_other_route_needs_a_key(keys_file: Path, path: str) -> None:
    assert calling(echo, keys_file=keys_file)(path)[0] == "401 Unauthorized"


def test_new_keys_take_effect_at_once(keys_file: Path) -> None:
    call = calling(echo, keys_file=keys_file)
    new = keys_file.with_suffix(".new")
    new.write_text(json.dumps({"primaryKey": "other", "secondaryKey": "third"}))
    new.replace(keys_file)
    assert call(HTTP_AUTHORIZATION="Bearer first")[0] == "401 Unauthorized"
    assert call(HTTP_AUTHORIZATION="Bearer third")[0] == "200 OK"


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_the_old_keys_hold_while_the_file_cannot_be_read(keys_file: Path, content: str) -> None:
    call = calling(echo, keys_file=keys_file)
    keys_file.write_text(content)
    assert call(HTTP_AUTHORIZATION="Bearer first")[0] == "200 OK"
    keys_file.unlink()
    assert call(HTTP_AUTHORIZATION="Bearer first")[0] == "200 OK"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "3",
        '{"primaryKey": "s3cret"}',
        '{"primaryKey": "s3cret", "secondaryKey": ""}',
    ],
)
def test_a_useless_keys_file_is_refused_without_being_quoted(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(SettingsError, match=r"keys\.json") as caught:
        Gate(echo, settings(keys_file=path))
    assert "s3cret" not in str(caught.value)


PREFLIGHT = {
    "REQUEST_METHOD": "OPTIONS",
    "HTTP_ORIGIN": "https://example.com",
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST",
}


def test_a_preflight_passes_without_a_key_and_is_marked(keys_file: Path) -> None:
    def marked(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        return [str(gate.PREFLIGHT in environ).encode()]

    call = calling(marked, keys_file=keys_file, cors=True)
    assert call(**PREFLIGHT) == ("200 OK", {}, b"True")
    assert call(**PREFLIGHT, HTTP_AUTHORIZATION="Bearer first") == ("200 OK", {}, b"False")


def test_without_cors_a_preflight_needs_a_key(keys_file: Path) -> None:
    assert calling(echo, keys_file=keys_file)(**PREFLIGHT)[0] == "401 Unauthorized"


def test_the_health_route_tells_the_revision() -> None:
    call = calling(echo, revision="12")
    assert call("/")[1] == {"x-app": "yes", "x-acideploy-revision": "12"}
    assert "x-acideploy-revision" not in call("/score")[1]


def test_a_body_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MAX_BODY_BYTES", 10)
    call = calling(echo)
    assert call(body=b"x" * 10)[2] == b"x" * 10
    assert call(body=b"x" * 11)[0].startswith("413 ")
    assert call(CONTENT_LENGTH="11")[0].startswith("413 ")


def test_more_requests_than_there_is_room_for_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "MAX_WAITING", 1)
    inner: list[Any] = []

    def reentering(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        inner.append(call())
        start_response("200 OK", [])
        return []

    call = calling(reentering)
    assert call()[0] == "200 OK"
    assert inner[0][0].startswith("503 ")
    assert call()[0] == "200 OK"


def test_variables_of_the_process_do_not_look_like_headers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy")

    def names(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        return [name.encode() for name in sorted(environ) if name.startswith("HTTP_")]

    call = calling(names)
    assert call(HTTP_PROXY=os.environ["HTTP_PROXY"], HTTP_HOST="h")[2] == b"HTTP_HOST"
