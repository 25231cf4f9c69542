"""Connections to a registry: kept, given up when the other side has, refused, through proxies."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from acideploy.errors import RegistryError
from acideploy.registry.acr import AcrRegistry
from tests.functional.conftest import Trust
from tests.parts.authority import Authority
from tests.registries import InstantClock, blob_of

MANIFEST = b'{"schemaVersion":2}'
FOUND = (
    "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n"
    f"Content-Length: {len(MANIFEST)}\r\n\r\n"
).encode() + MANIFEST
REFUSAL = json.dumps({"errors": [{"code": "DENIED", "message": "too much"}]}).encode()
REFUSED = f"HTTP/1.1 413 No\r\nContent-Length: {len(REFUSAL)}\r\n\r\n".encode() + REFUSAL
STARTED = b"HTTP/1.1 202 Accepted\r\nLocation: /v2/a/blobs/uploads/1\r\nContent-Length: 0\r\n\r\n"
ABSENT = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


@dataclass(kw_only=True)
class Server:
    """Speaks TLS on loopback, and answers by the method of a request.

    A connection is closed after `requests` of them. `talks` has one thread for each connection.
    """

    answers: dict[str, bytes]
    authority: Authority
    requests: int = 1000
    talks: list[threading.Thread] = field(default_factory=list)
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def ca(self) -> Path:
        return self.authority.ca

    @property
    def host(self) -> str:
        return f"localhost:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.authority.certificate, self.authority.key)
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self.listener.accept()
                talk = threading.Thread(target=self._converse, args=(plain, context), daemon=True)
                self.talks.append(talk)
                talk.start()

    def _converse(self, plain: socket.socket, context: ssl.SSLContext) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as stream:
            for _ in range(self.requests):
                head = b""
                while b"\r\n\r\n" not in head:
                    if not (part := stream.recv(4096)):
                        return
                    head += part
                answer = self.answers[head.partition(b" ")[0].decode()]
                stream.sendall(answer)
                if answer is REFUSED:
                    # It does not wait for the rest of the body.
                    return


@pytest.fixture
def server(tmp_path: Path, trust: Trust) -> Iterator[Server]:
    answers = {"PATCH": REFUSED, "PUT": REFUSED, "HEAD": ABSENT, "POST": STARTED, "GET": FOUND}
    server = Server(answers=answers, authority=Authority(tmp_path))
    trust(server)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server
    server.listener.shutdown(socket.SHUT_RDWR)
    server.listener.close()
    thread.join()


def test_requests_one_after_the_other_share_a_connection(
    server: Server, clock: InstantClock
) -> None:
    opened = AcrRegistry(server.host, clock=clock)
    for _ in range(5):
        assert opened.find_manifest("a", "1") is not None
    assert len(server.talks) == 1


def test_requests_at_once_have_a_connection_each(server: Server, clock: InstantClock) -> None:
    opened = AcrRegistry(server.host, clock=clock)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(opened.find_manifest("a", "1")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert None not in found
    assert 1 <= len(server.talks) <= 8


def test_a_connection_that_the_registry_gave_up_is_not_used_again(
    server: Server, clock: InstantClock
) -> None:
    server.requests = 1
    opened = AcrRegistry(server.host, clock=clock)
    for number in range(1, 4):
        assert opened.find_manifest("a", "1") is not None
        assert len(server.talks) == number
        server.talks[-1].join()
    assert clock.slept == []


def test_who_refuses_a_long_body_before_its_end_is_heard(
    server: Server, clock: InstantClock
) -> None:
    opened = AcrRegistry(server.host, clock=clock)
    with pytest.raises(RegistryError, match=r"answered 413: too much"):
        opened.push_blob("a", blob_of(bytes(20_000_000)), advance=lambda count: None)
    assert clock.slept == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_that_cannot_be_read_are_named(
    monkeypatch: pytest.MonkeyPatch, clock: InstantClock, variable: str
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(variable, "/nowhere/ca.pem")
    with pytest.raises(RegistryError, match=r"certificates in /nowhere/ca\.pem cannot be read"):
        AcrRegistry("localhost:1", clock=clock).find_manifest("a", "1")
    assert clock.slept == []


def test_the_authorities_may_be_a_folder(
    server: Server, clock: InstantClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened = AcrRegistry(server.host, clock=clock)
    folder = tmp_path / "authorities"
    folder.mkdir()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder))
    with pytest.raises(RegistryError, match="certificate that is not trusted"):
        opened.find_manifest("a", "1")


def test_hosts_that_need_no_proxy_are_no_proxy(
    server: Server, clock: InstantClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "localhost")
    assert AcrRegistry(server.host, clock=clock).find_manifest("a", "1") is not None


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_is_used_where_one_is_set(
    monkeypatch: pytest.MonkeyPatch, clock: InstantClock, variable: str
) -> None:
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    asked.append(connection.recv(4096))
                    connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=refuse)
    thread.start()
    monkeypatch.setenv(variable, f"http://127.0.0.1:{listener.getsockname()[1]}")
    with pytest.raises(RegistryError, match=r"contoso\.invalid does not answer"):
        AcrRegistry("contoso.invalid", clock=clock).find_manifest("a", "1")
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()
    assert asked[0].startswith(b"CONNECT contoso.invalid:443 ")
