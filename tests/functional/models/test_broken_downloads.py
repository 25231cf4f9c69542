"""Blobs from a storage account that breaks off, or says other things than it sends."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.core.rest import HttpRequest, HttpResponse

from acideploy.azure.blob_access import SharedAccess
from acideploy.azure.blobs import BlobReader, Container
from acideploy.errors import AzureError
from acideploy.registry.acr.transport import DirectTransport
from tests.registries import InstantClock

CONTENT = bytes(range(256)) * 4096


@dataclass
class Account:
    """Sends what `answers` says of each request, in turn; `ranges` were asked for."""

    answers: list[Callable[[bytes], bytes]]
    md5: str = base64.b64encode(hashlib.md5(CONTENT, usedforsecurity=False).digest()).decode()
    ranges: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def reading(account: Account) -> Iterator[BlobReader]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._begin(len(CONTENT))

        def do_GET(self) -> None:
            asked = self.headers["Range"]
            account.ranges.append((asked, self.headers["If-Match"]))
            rest = CONTENT[int(asked.removeprefix("bytes=").rstrip("-")) :]
            self._begin(len(rest))
            self.wfile.write(account.answers.pop(0)(rest))

        def _begin(self, size: int) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(size))
            self.send_header("ETag", '"1"')
            self.send_header("Content-MD5", account.md5)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        container = Container(account="acc", url=f"http://127.0.0.1:{server.server_port}/c")
        way = SharedAccess(query="sig=1")
        yield BlobReader(container, ways=(lambda: way,), clock=InstantClock())
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def whole(rest: bytes) -> bytes:
    return rest


def half(rest: bytes) -> bytes:
    return rest[: len(rest) // 2]


def nothing(rest: bytes) -> bytes:
    return b""


def test_what_breaks_off_is_taken_up_where_it_broke() -> None:
    account = Account([half, half, whole])
    with reading(account) as reader:
        blob = reader.find("model")
        assert blob
        assert b"".join(reader.chunks(blob)) == CONTENT
    starts = (0, len(CONTENT) // 2, len(CONTENT) * 3 // 4)
    assert account.ranges == [(f"bytes={start}-", '"1"') for start in starts]


def test_a_server_that_sends_nothing_is_not_asked_for_ever() -> None:
    account = Account([half, *[nothing] * 20])
    with reading(account) as reader:
        blob = reader.find("model")
        assert blob
        with pytest.raises(AzureError, match="does not answer"):
            list(reader.chunks(blob))
    assert len(account.ranges) < 10


def test_bytes_that_are_not_those_that_were_uploaded_are_refused() -> None:
    account = Account([lambda rest: rest[:-1] + b"x"])
    with reading(account) as reader:
        blob = reader.find("model")
        assert blob
        with pytest.raises(AzureError, match="is not what the service says of it"):
            list(reader.chunks(blob))


class Unreachable(DirectTransport):
    def send(self, request: HttpRequest, **settings: Any) -> HttpResponse:
        raise ServiceRequestError(f"no route with url: {request.url}")


def test_a_signature_is_not_told_with_an_address() -> None:
    way = SharedAccess(query="?sv=1&sig=secret")
    reader = BlobReader(
        Container(account="acc", url="https://acc.blob.core.windows.net/c"),
        ways=(lambda: way,),
        clock=InstantClock(),
        transport=Unreachable({}),
    )
    with pytest.raises(AzureError) as caught:
        reader.find("model")
    assert "no route" in (caught.value.detail or "")
    assert "secret" not in f"{caught.value} {caught.value.detail}"
