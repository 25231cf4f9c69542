"""HTTP for the SDK, by the standard library.

Its own, with requests, takes longer to import than a small push takes. It is taken where there is
a proxy on the way, and knows every kind of those.
"""

from __future__ import annotations

import os
import select
import ssl
import threading
from collections.abc import Callable, Mapping
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest, HttpResponse

from acideploy.errors import RegistryError
from acideploy.registry.acr.answer import Answer
from acideploy.registry.body import Stream

_CONNECT_SECONDS, _READ_SECONDS = 20.0, 300.0
# Where requests looks for the certificates to trust.
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

Transport = HttpTransport[HttpRequest, HttpResponse]


def open_transport() -> Transport:
    """What sends requests, as the environment's variables say."""
    if {"https", "all"} & getproxies().keys():
        # Takes 50 ms to import.
        from azure.core.pipeline.transport import RequestsTransport

        sdks: Transport = RequestsTransport(
            connection_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS
        )
        return sdks
    return DirectTransport(os.environ)


def trusted() -> ssl.SSLContext:
    """What trusts the certificates that the environment's variables name, else the system's."""
    return _trusting(_bundle(os.environ))


class DirectTransport(Transport):
    """Connections that are kept for further requests. Safe for threads.

    `variables` may name the certificates to trust, a file or a folder.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._lock = threading.Lock()
        self._idle: dict[str, list[HTTPConnection]] = {}

    def send(self, request: HttpRequest, *, stream: bool = False, **settings: Any) -> HttpResponse:
        """Sends a request once. Raises ServiceRequestError where nobody is there."""
        place = request.url.partition("?")[0].split("/", 3)[:3]
        connection, keep = self._connected("/".join(place))
        try:
            _send(connection, request)
            raw = connection.getresponse()
        except (OSError, HTTPException) as error:
            connection.close()
            raise ServiceResponseError(error, error=error) from error
        except BaseException:
            # Half of a body went out.
            connection.close()
            raise
        answer = Answer(request, raw, release=keep)
        if not stream:
            answer.read()
        return answer

    def _connected(self, place: str) -> tuple[HTTPConnection, Callable[[bool], None]]:
        """A connection to `https://host`, and what is to be called when it is free again."""
        connection = self._kept(place) or self._new(place)

        def free(usable: bool) -> None:
            if not usable:
                connection.close()
                return
            with self._lock:
                self._idle.setdefault(place, []).append(connection)

        return connection, free

    def _kept(self, place: str) -> HTTPConnection | None:
        while True:
            with self._lock:
                idle = self._idle.get(place)
                if not idle:
                    return None
                connection = idle.pop()
            if connection.sock is not None and not _is_readable(connection.sock.fileno()):
                return connection
            # The other side has closed it meanwhile.
            connection.close()

    def _new(self, place: str) -> HTTPConnection:
        parts = urlsplit(place)
        connection = (
            HTTPSConnection(
                parts.netloc, timeout=_CONNECT_SECONDS, context=_trusting(_bundle(self._variables))
            )
            if parts.scheme == "https"
            else HTTPConnection(parts.netloc, timeout=_CONNECT_SECONDS)
        )
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise ServiceRequestError(error, error=error) from error
        connection.sock.settimeout(_READ_SECONDS)
        return connection

    def open(self) -> None:
        """There is nothing to open beforehand."""

    def close(self) -> None:
        with self._lock:
            idle = [connection for each in self._idle.values() for connection in each]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def __exit__(self, *failure: object) -> None:
        self.close()


def _send(connection: HTTPConnection, request: HttpRequest) -> None:
    parts = urlsplit(request.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Accept-Encoding": "identity", **request.headers}
    content = request.content
    body = content.read() if hasattr(content, "read") else content
    size = body.size if isinstance(body, Stream) else None if body is None else len(body)
    if size is not None:
        # In pieces otherwise, each with its own length.
        headers["Content-Length"] = str(size)
    try:
        connection.request(request.method, path, body=body, headers=headers)
    except TimeoutError:
        raise
    except OSError:
        # Who refuses a long body answers before its end, and hangs up: the answer says why.
        if connection.sock is None:
            raise


def _is_readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _bundle(variables: Mapping[str, str]) -> str:
    for name in _BUNDLES:
        if bundle := variables.get(name):
            return bundle
    # Only where it is needed: it is a hundred thousand lines.
    import certifi

    return certifi.where()


@cache
def _trusting(bundle: str) -> ssl.SSLContext:
    """Once for a process: reading all authorities takes as long as a few requests."""
    try:
        if os.path.isdir(bundle):
            return ssl.create_default_context(capath=bundle)
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise RegistryError(
            f"the certificates in {bundle} cannot be read",
            detail=str(error),
            hint=f"mend {' or '.join(_BUNDLES)}, or unset it",
        ) from error
