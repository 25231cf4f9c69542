"""A reverse proxy before a registry, on loopback: it counts, it delays, it breaks things.

Bodies pass through in parts of 256 KiB and are never held.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.parts.authority import Authority
from tests.parts.conversation import Conversation
from tests.parts.dress import Dress, Plain
from tests.parts.faults import Fault, Faults, Rule
from tests.parts.http1 import Connection
from tests.parts.traffic import Traffic


class Upstream(Protocol):
    """What a proxy stands before: a RunningRegistry, or another proxy."""

    @property
    def port(self) -> int: ...
    @property
    def tls(self) -> bool: ...
    @property
    def authority(self) -> Authority: ...


@dataclass(kw_only=True)
class RunningProxy:
    """Answers at `url`, over TLS, with what `upstream` says. `delay` is in seconds, per request."""

    port: int
    upstream: Upstream
    authority: Authority
    dress: Dress = field(default_factory=Plain)
    delay: float = 0.0
    traffic: Traffic = field(default_factory=Traffic)
    faults: Faults = field(default_factory=Faults)
    tls: bool = True

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"https://{self.host}"

    @property
    def ca(self) -> Path:
        return self.authority.ca

    def fail(
        self,
        fault: Fault,
        *,
        nth: int = 1,
        times: int | None = 1,
        method: str | None = None,
        path: str = "",
    ) -> Rule:
        """Lets the nth request from now on fail, of those with this method and path pattern."""
        rule = Rule(fault=fault, nth=nth, times=times, method=method, path=path)
        self.faults.add(rule)
        return rule

    def reset(self) -> None:
        """Forgets all rules, the delay and the traffic so far."""
        self.faults.clear()
        self.traffic.clear()
        self.delay = 0.0


@contextlib.contextmanager
def proxy(
    upstream: Upstream,
    *,
    authority: Authority | None = None,
    dress: Dress | None = None,
    delay: float = 0.0,
) -> Iterator[RunningProxy]:
    """A proxy of its own; by default with the certificate authority of what it stands before."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    running = RunningProxy(
        port=listener.getsockname()[1],
        upstream=upstream,
        authority=authority or upstream.authority,
        dress=dress or Plain(),
        delay=delay,
    )
    server = _Server(running, listener)
    threading.Thread(target=server.accept, daemon=True).start()
    try:
        yield running
    finally:
        server.stop()


class _Server:
    """Gives every connection a thread, and ends them all."""

    def __init__(self, running: RunningProxy, listener: socket.socket) -> None:
        self._running = running
        self._listener = listener
        self._server_context = running.authority.server_context()
        self._client_context = running.upstream.authority.client_context()
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()

    def accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(accepted,), daemon=True).start()

    def stop(self) -> None:
        # Shutting it down wakes the thread that waits in accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for each in self._sockets:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _converse(self, accepted: socket.socket) -> None:
        # A client that does not trust the certificate leaves during the handshake.
        try:
            secured = self._server_context.wrap_socket(accepted, server_side=True)
        except (OSError, ssl.SSLError):
            accepted.close()
            return
        with self._lock:
            self._sockets.add(secured)
        try:
            Conversation(self._running, Connection(secured), self._connect).run()
        finally:
            with self._lock:
                self._sockets.discard(secured)

    def _connect(self) -> Connection:
        upstream = self._running.upstream
        connected = socket.create_connection(("127.0.0.1", upstream.port), timeout=300)
        if upstream.tls:
            connected = self._client_context.wrap_socket(connected, server_hostname="localhost")
        return Connection(connected)
