"""Requests to a service on this machine."""

from __future__ import annotations

import contextlib
import http.client
import ssl
from collections.abc import Mapping
from pathlib import Path

from acideploy.errors import ScoringError
from acideploy.targets import Answer

# The server answers its health route with the number of its revision in this header.
REVISION_HEADER = "x-acideploy-revision"

_PROBE_SECONDS = 2.0


def probe(port: int, *, tls: bool) -> str | None:
    """The revision that answers on the port; `""` for something else, None for nothing.

    Raises TimeoutError where something takes the connection and says nothing.
    """
    connection = _connect(port, tls=_trusting() if tls else None, seconds=_PROBE_SECONDS)
    try:
        connection.request("GET", "/")
        return connection.getresponse().getheader(REVISION_HEADER, "")
    except TimeoutError:
        raise
    except ConnectionRefusedError:
        return None
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()


def score(
    port: int, body: bytes, *, headers: Mapping[str, str], certificate: Path | None
) -> Answer:
    """Sends one scoring request, returns the answer as it is. Raises ScoringError for none.

    `certificate` is the PEM file that the service shows, if it speaks TLS.
    """
    tls = _pinned(certificate) if certificate else None
    connection = _connect(port, tls=tls, seconds=None)
    try:
        # A server that refuses a body closes before it has read all: its answer says why.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", "/score", body=body, headers=dict(headers))
        response = connection.getresponse()
        return Answer(
            status=response.status, headers=dict(response.getheaders()), body=response.read()
        )
    except (OSError, http.client.HTTPException) as error:
        raise ScoringError(f"no answer on port {port}: {error}") from error
    finally:
        connection.close()


def _connect(
    port: int, *, tls: ssl.SSLContext | None, seconds: float | None
) -> http.client.HTTPConnection:
    if tls is None:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=seconds, context=tls)


def _trusting() -> ssl.SSLContext:
    """For the health route only, which tells nothing and is asked of ourselves."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _pinned(certificate: Path) -> ssl.SSLContext:
    """Trusts the service's own certificate and no other.

    The name is not checked: the certificate is the one that the user gave, compared as a whole.
    """
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
