"""The proxy that tests break things with breaks what it is told to, and counts the rest."""

from __future__ import annotations

import hashlib
import http.client
import os
import resource
import ssl
import threading
import time
from collections.abc import Iterator

import pytest

from tests.functional.parts.conftest import Client, Connect
from tests.parts.faults import (
    Corrupt,
    ExpiredToken,
    Fault,
    ResetAfter,
    ResetBefore,
    ResetInBody,
    Truncate,
    server_error,
    too_many_requests,
)
from tests.parts.proxy import RunningProxy
from tests.parts.registry import RunningRegistry

BLOB = os.urandom(1_000_000)
DIGEST = f"sha256:{hashlib.sha256(BLOB).hexdigest()}"
TARGET = f"/v2/proxied/blobs/{DIGEST}"
MEGABYTES = 1 << 20


@pytest.fixture
def client(proxy_part: RunningProxy, connect: Connect) -> Client:
    client = connect(proxy_part)
    client.upload("proxied", BLOB)
    proxy_part.traffic.clear()
    return client


def test_it_counts_what_passes(proxy_part: RunningProxy, client: Client) -> None:
    assert client.ask("HEAD", TARGET).status == 200
    assert client.ask("GET", TARGET).body == BLOB
    client.upload("counted", BLOB)
    head, got, start, put = proxy_part.traffic
    assert [head.method, got.method, start.method, put.method] == ["HEAD", "GET", "POST", "PUT"]
    assert [head.status, got.status, start.status, put.status] == [200, 200, 202, 201]
    assert head.response_body_bytes == 0
    assert got.response_body_bytes == put.request_body_bytes == len(BLOB)
    assert len(BLOB) < proxy_part.traffic.sent < len(BLOB) + 2000
    assert len(BLOB) < proxy_part.traffic.received < len(BLOB) + 2000
    assert proxy_part.traffic.select("PUT", "/uploads/", 201) == (put,)


def test_chunked_bodies_pass(registry_part: RunningRegistry, client: Client) -> None:
    started = client.ask("POST", "/v2/chunked/blobs/uploads/")
    parts: Iterator[bytes] = iter([BLOB[:10], BLOB[10:500_000], BLOB[500_000:]])
    client.connection.request(
        "PUT", f"{started.headers['Location']}&digest={DIGEST}", parts, encode_chunked=True
    )
    response = client.connection.getresponse()
    response.read()
    assert response.status == 201
    assert registry_part.gives_out("chunked", DIGEST)


def test_who_waits_to_be_asked_for_the_body_is_asked(
    proxy_part: RunningProxy, client: Client
) -> None:
    started = client.ask("POST", "/v2/asked/blobs/uploads/")
    with _secured(proxy_part) as connection:
        head = f"PUT {started.headers['Location']}&digest={DIGEST} HTTP/1.1\r\n"
        head += f"Host: x\r\nContent-Length: {len(BLOB)}\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(BLOB)
        assert connection.recv(1000).startswith(b"HTTP/1.1 201 ")


def test_who_is_refused_instead_keeps_the_body(proxy_part: RunningProxy, client: Client) -> None:
    proxy_part.fail(server_error(503))
    with _secured(proxy_part) as connection:
        connection.sendall(
            b"PUT /v2/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 503 ")
    assert list(proxy_part.traffic)[-1].request_body_bytes == 0


@pytest.mark.parametrize(
    ("fault", "status"),
    [(too_many_requests(retry_after=7), 429), (server_error(), 500), (ExpiredToken(), 401)],
    ids=str,
)
def test_the_nth_request_is_refused(
    proxy_part: RunningProxy, client: Client, fault: Fault, status: int
) -> None:
    rule = proxy_part.fail(fault, nth=2, method="GET", path="/blobs/")
    replies = []
    for _ in range(3):
        client.ask("HEAD", TARGET)
        replies.append(client.ask("GET", TARGET))
    assert [reply.status for reply in replies] == [200, status, 200]
    assert rule.used
    if status == 429:
        assert replies[1].headers["Retry-After"] == "7"
    if status == 401:
        assert replies[1].headers["WWW-Authenticate"] == (
            f'Bearer realm="https://{proxy_part.host}/oauth2/token",service="{proxy_part.host}",'
            'scope="repository:proxied:pull",error="invalid_token"'
        )


def test_a_refused_upload_leaves_the_connection_usable(
    proxy_part: RunningProxy, client: Client
) -> None:
    proxy_part.fail(server_error(), method="PUT")
    assert client.ask("PUT", "/v2/proxied/blobs/uploads/x", BLOB).status == 500
    assert client.ask("HEAD", TARGET).status == 200


def test_faults_repeat_as_often_as_they_are_to(proxy_part: RunningProxy, client: Client) -> None:
    proxy_part.fail(server_error(), nth=2, times=2)
    assert [client.ask("HEAD", TARGET).status for _ in range(4)] == [200, 500, 500, 200]
    proxy_part.fail(server_error(503), times=None)
    assert [client.ask("HEAD", TARGET).status for _ in range(3)] == [503] * 3
    proxy_part.reset()
    assert client.ask("HEAD", TARGET).status == 200


@pytest.mark.parametrize("fault", [ResetBefore(), ResetInBody(300_000), ResetAfter()], ids=str)
def test_a_reset_is_felt_as_one(
    proxy_part: RunningProxy,
    registry_part: RunningRegistry,
    client: Client,
    fault: Fault,
    request: pytest.FixtureRequest,
) -> None:
    repository = f"reset/{request.node.callspec.indices['fault']}"
    location = client.ask("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
    proxy_part.fail(fault)
    with pytest.raises((ConnectionError, ssl.SSLError, http.client.RemoteDisconnected)):
        client.ask("PUT", f"{location}&digest={DIGEST}", BLOB)
    exchange = list(proxy_part.traffic)[-1]
    assert exchange.status is None
    assert exchange.fault == fault
    # The registry did it where only the answer was lost.
    assert registry_part.gives_out(repository, DIGEST) == isinstance(fault, ResetAfter)


def test_a_short_body_is_cut_too(
    proxy_part: RunningProxy, registry_part: RunningRegistry, client: Client
) -> None:
    location = client.ask("POST", "/v2/short/blobs/uploads/").headers["Location"]
    proxy_part.fail(ResetInBody(10**9))
    with pytest.raises((ConnectionError, ssl.SSLError)):
        client.ask("PUT", f"{location}&digest={DIGEST}", BLOB)
    assert not registry_part.gives_out("short", DIGEST)


def test_an_answer_breaks_off_half_way(proxy_part: RunningProxy, client: Client) -> None:
    proxy_part.fail(Truncate())
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.ask("GET", TARGET)
    assert caught.value.partial == BLOB[: len(BLOB) // 2]


def test_an_answer_has_a_wrong_byte(proxy_part: RunningProxy, client: Client) -> None:
    proxy_part.fail(Corrupt())
    got = client.ask("GET", TARGET).body
    assert [index for index, byte in enumerate(got) if byte != BLOB[index]] == [len(BLOB) // 2]
    assert len(got) == len(BLOB)
    assert client.ask("GET", TARGET).body == BLOB


def test_every_request_takes_longer(proxy_part: RunningProxy, client: Client) -> None:
    proxy_part.delay = 0.05
    start = time.perf_counter()
    for _ in range(3):
        client.ask("HEAD", TARGET)
    assert 0.15 < time.perf_counter() - start < 1


def test_large_bodies_are_not_held(
    proxy_part: RunningProxy, registry_part: RunningRegistry, client: Client
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    part = bytes(MEGABYTES)
    count = 300
    digest = f"sha256:{_hash(part, count)}"
    location = client.ask("POST", "/v2/large/blobs/uploads/").headers["Location"]
    client.connection.putrequest("PUT", f"{location}&digest={digest}")
    client.connection.putheader("Content-Length", str(count * MEGABYTES))
    client.connection.endheaders()
    for _ in range(count):
        client.connection.send(part)
    response = client.connection.getresponse()
    response.read()
    assert response.status == 201
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50 * 1024
    registry_part.blob_path(digest).unlink()


def test_connections_are_served_side_by_side(
    proxy_part: RunningProxy, connect: Connect, client: Client
) -> None:
    proxy_part.delay = 0.2
    statuses: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: statuses.append(connect(proxy_part).ask("HEAD", TARGET).status)
        )
        for _ in range(10)
    ]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 10
    assert time.perf_counter() - start < 1.5


def _secured(proxied: RunningProxy) -> ssl.SSLSocket:
    plain = http.client.HTTPConnection("127.0.0.1", proxied.port, timeout=30)
    plain.connect()
    context = proxied.authority.client_context()
    return context.wrap_socket(plain.sock, server_hostname="localhost")


def _hash(part: bytes, count: int) -> str:
    code = hashlib.sha256()
    for _ in range(count):
        code.update(part)
    return code.hexdigest()
