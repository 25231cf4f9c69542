"""Requests to a service by its address: a fresh name in Azure takes a while to resolve."""

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

# For the health route only, which tells nothing.
ANY_CERTIFICATE = ""

_HEALTH_SECONDS = 3.0
_CONNECT_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`address` is an IP address, `host` the name that requests are for.

    `certificate` is the one that the service shows, as PEM, or ANY_CERTIFICATE; None where it
    speaks plain HTTP.
    """

    address: str
    port: int
    host: str
    certificate: str | None = None

    @property
    def url(self) -> str:
        return f"{'http' if self.certificate is None else 'https'}://{self.authority}"

    @property
    def authority(self) -> str:
        """The host, with the port where that is not the usual one."""
        usual = 80 if self.certificate is None else 443
        return self.host if self.port == usual else f"{self.host}:{self.port}"


def answering_revision(endpoint: Endpoint) -> str:
    """The revision that answers the health route; `""` for the answer of something else.

    Raises OSError and http.client.HTTPException where there is none.
    """
    with contextlib.closing(_connect(endpoint, seconds=_HEALTH_SECONDS)) as connection:
        connection.request("GET", "/", headers={"Host": endpoint.authority})
        return connection.getresponse().getheader(REVISION_HEADER, "")


def probe(endpoint: Endpoint) -> str | None:
    """The same; None for no answer, whatever the reason."""
    try:
        return answering_revision(endpoint)
    except (OSError, http.client.HTTPException):
        return None


def score(
    endpoint: Endpoint, body: bytes, *, headers: Mapping[str, str], hint: str | None = None
) -> Answer:
    """Sends one scoring request, returns the answer as it is.

    Raises ScoringError, with the hint, where there is none.
    """
    sent = {**headers, "Host": endpoint.authority}
    try:
        with contextlib.closing(_connect(endpoint, seconds=None)) as connection:
            # A server that refuses a body closes before it has read all: its answer says why.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request("POST", "/score", body=body, headers=sent)
            response = connection.getresponse()
            return Answer(
                status=response.status, headers=dict(response.getheaders()), body=response.read()
            )
    except (OSError, http.client.HTTPException) as error:
        raise ScoringError(
            f"no answer from {endpoint.url} ({endpoint.address}): {error}", hint=hint
        ) from error


def _connect(endpoint: Endpoint, *, seconds: float | None) -> http.client.HTTPConnection:
    if endpoint.certificate is None:
        return http.client.HTTPConnection(endpoint.address, endpoint.port, timeout=seconds)
    return _PinnedConnection(endpoint, endpoint.certificate, seconds=seconds)


class _PinnedConnection(http.client.HTTPSConnection):
    """Asks for the service by its name, and trusts its own certificate and no other."""

    def __init__(self, endpoint: Endpoint, certificate: str, *, seconds: float | None) -> None:
        trusting = _trusting(certificate)
        super().__init__(endpoint.address, endpoint.port, timeout=seconds, context=trusting)
        self._name, self._trusting = endpoint.host, trusting

    def connect(self) -> None:
        plain = socket.create_connection(
            (self.host, self.port), timeout=self.timeout or _CONNECT_SECONDS
        )
        self.sock = self._trusting.wrap_socket(plain, server_hostname=self._name)
        if self.timeout is None:
            self.sock.settimeout(None)


def _trusting(certificate: str) -> ssl.SSLContext:
    """The certificate is compared as a whole, as the one that the user gave: not by its name."""
    if certificate == ANY_CERTIFICATE:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    context = ssl.create_default_context(cadata=certificate)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
