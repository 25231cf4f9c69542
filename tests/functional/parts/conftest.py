"""A client that does what it is told, and nothing more."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass

import pytest

from tests.parts.base_image import Destination
from tests.parts.registry import RunningRegistry


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """One connection to a registry, that stays open."""

    def __init__(self, destination: Destination, registry: RunningRegistry) -> None:
        context = registry.client_context()
        host, _, port = destination.host.partition(":")
        self.connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=30)

    def ask(self, method: str, target: str, body: bytes | None = None, /, **headers: str) -> Reply:
        self.connection.request(method, target, body, headers)
        response = self.connection.getresponse()
        return Reply(response.status, dict(response.getheaders()), response.read())

    def upload(self, repository: str, content: bytes) -> str:
        """Uploads a blob as two requests and returns its digest."""
        started = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        location = f"{started.headers['Location']}&digest={digest}"
        kind = {"Content-Type": "application/octet-stream"}
        assert self.ask("PUT", location, content, **kind).status == 201
        return digest

    def close(self) -> None:
        self.connection.close()


Connect = Callable[[Destination], Client]


@pytest.fixture
def connect(registry_part: RunningRegistry) -> Iterator[Connect]:
    with ExitStack() as clients:

        def connect(destination: Destination) -> Client:
            return clients.enter_context(closing(Client(destination, registry_part)))

        yield connect
