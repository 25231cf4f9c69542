"""A conda channel over HTTP, on loopback: open to all, to one user, or behind a token.

https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/channels.html: a user and a
password stand before the host, a token is the part of the path after `/t/`.
"""

from __future__ import annotations

import base64
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.parts.process import free_port

NAME = "channel"


@dataclass(frozen=True, kw_only=True)
class RunningChannel:
    """A channel that answers at `url`, which says nothing secret, and at `login_url`, which does.

    `requests` are the path and the status of each request so far, as it was asked for.
    """

    port: int
    user: str | None = None
    password: str = ""
    token: str | None = None
    requests: list[tuple[str, int]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/{NAME}"

    @property
    def login_url(self) -> str:
        """The address with the user and the password, or the token, in it."""
        if self.token is not None:
            return f"http://{self.host}/t/{self.token}/{NAME}"
        if self.user is not None:
            return f"http://{self.user}:{self.password}@{self.host}/{NAME}"
        return self.url


@contextlib.contextmanager
def channel_server(
    directory: Path, *, user: str | None = None, password: str = "", token: str | None = None
) -> Iterator[RunningChannel]:
    """Serves a channel's folder. Who is not let in gets 401; what is not there is 404."""
    channel = RunningChannel(port=free_port(), user=user, password=password, token=token)
    handler = partial(_Handler, channel=channel, directory=str(directory))
    server = ThreadingHTTPServer(("127.0.0.1", channel.port), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield channel
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *connection: Any, channel: RunningChannel, directory: str) -> None:
        self.channel = channel
        super().__init__(*connection, directory=directory)

    def send_head(self) -> Any:
        """The file to send, once its head is sent; None where the answer is another."""
        asked, root = urlsplit(self.path).path, urlsplit(self.channel.login_url).path
        if not self._let_in(asked):
            self._refuse()
        elif not asked.startswith(f"{root}/"):
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            self.path = asked.removeprefix(root)
            return super().send_head()
        return None

    def send_response(self, code: int, message: str | None = None) -> None:
        super().send_response(code, message)
        # RFC 9110, 15.4.5. Without it rattler does not know what has not been modified.
        if code == HTTPStatus.NOT_MODIFIED:
            self.send_header("Last-Modified", self.headers["If-Modified-Since"])

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        status = HTTPStatus(int(code))
        self.channel.requests.append((self.requestline.split()[1], status.value))

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _let_in(self, asked: str) -> bool:
        channel = self.channel
        if channel.token is not None:
            return asked.startswith(f"/t/{channel.token}/")
        login = base64.b64encode(f"{channel.user}:{channel.password}".encode()).decode()
        return channel.user is None or self.headers["Authorization"] == f"Basic {login}"

    def _refuse(self) -> None:
        self.send_response(HTTPStatus.UNAUTHORIZED)
        self.send_header("WWW-Authenticate", f'Basic realm="{NAME}"')
        self.send_header("Content-Length", "0")
        self.end_headers()
