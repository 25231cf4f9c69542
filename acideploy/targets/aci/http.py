"""Requests to a service in Azure, by its address: a fresh name takes a while to resolve."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from acideploy.errors import ScoringError
from acideploy.targets import Answer

# The server answers its health route with the number of its revision in this header.
REVISION_HEADER = "x-acideploy-revision"
_PROBE_SECONDS = 3.0
_CONNECT_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`address` is an IP address, `host` the name that requests are for.

    `certificate` is the one that the service shows, as PEM; None where it speaks plain HTTP.
    """

    address: str
    port: int
    host: str
    certificate: str | None = None

    @property
    def url(self) -> str:
        scheme, usual = ("https", 443) if self.certificate else ("http", 80)
        return f"{scheme}://{self.host}{'' if self.port == usual else f':{self.port}'}"


def probe(endpoint: Endpoint) -> str | None:
    """The revision that answers; `""` for something else, None for nothing."""
    connection = _connect(endpoint, seconds=_PROBE_SECONDS)
    try:
        connection.request("GET", "/", headers={"Host": endpoint.host})
        return connection.getresponse().getheader(REVISION_HEADER, "")
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def score(endpoint: Endpoint, body: bytes, *, headers: Mapping[str, str]) -> Answer:
    """Sends one scoring request, returns the answer as it is. Raises ScoringError for none."""
    connection = _connect(endpoint, seconds=None)
    try:
        # A server that refuses a body closes before it has read all: its answer says why.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sent = {**headers, "Host": endpoint.host}
            connection.request("POST", "/score", body=body, headers=sent)
        response = connection.getresponse()
        return Answer(
            status=response.status, headers=dict(response.getheaders()), body=response.read()
        )
    except (OSError, http.client.HTTPException) as error:
        raise ScoringError(
            f"no answer from {endpoint.url} ({endpoint.address}): {error}",
            hint="a service in a virtual network answers only from within it",
        ) from error
    finally:
        connection.close()


def _connect(endpoint: Endpoint, *, seconds: float | None) -> http.client.HTTPConnection:
    if endpoint.certificate is None:
        return http.client.HTTPConnection(endpoint.address, endpoint.port, timeout=seconds)
    return _PinnedConnection(endpoint, seconds=seconds)


class _PinnedConnection(http.client.HTTPSConnection):
    """Asks for the service by its name, and trusts its own certificate and no other."""

    def __init__(self, endpoint: Endpoint, *, seconds: float | None) -> None:
        context = ssl.create_default_context(cadata=endpoint.certificate)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        super().__init__(endpoint.address, endpoint.port, timeout=seconds, context=context)
        self._name, self._trusting = endpoint.host, context

    def connect(self) -> None:
        plain = socket.create_connection(
            (self.host, self.port), timeout=self.timeout or _CONNECT_SECONDS
        )
        self.sock = self._trusting.wrap_socket(plain, server_hostname=self._name)
        if self.timeout is None:
            self.sock.settimeout(None)
