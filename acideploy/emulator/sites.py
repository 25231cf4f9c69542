"""The servers of the emulator: one port of this machine for each host that Azure would have."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from acideploy.emulator.errors import EmulatorError
from acideploy.emulator.store import Store

_PORTS = "port"
_log = logging.getLogger(__name__)


class _Protocol(HttpToolsProtocol):
    """HTTP/1.1 that lets a rule cut the connection under a request."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["acideploy.abort"] = self.transport.abort  # type: ignore[typeddict-unknown-key]


class _Server(uvicorn.Server):
    """One of several in a process: signals are the process's matter."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class _Site:
    server: _Server
    task: asyncio.Task[None]
    port: int


class Sites:
    """Opens sites and remembers their ports: a registry keeps its address over a restart.

    `host` is the address to listen on, `first_port` where ports are given out from; 0 takes any
    that are free. Must be used inside the event loop that it was made in.
    """

    def __init__(
        self, *, host: str, first_port: int, context: ssl.SSLContext, store: Store
    ) -> None:
        self._host = host
        self._first_port = first_port
        self._context = context
        self._store = store
        self._open: dict[str, _Site] = {}
        self._opening = asyncio.Lock()

    async def open(self, name: str, app: ASGIApp) -> str:
        """Serves `app` under `name`; returns its `localhost:PORT`. Open ones are left as they are.

        Raises EmulatorError when the port that the name has had is taken by another program.
        """
        # One at a time: two that want the same would both find its port free.
        async with self._opening:
            if name not in self._open:
                self._open[name] = await self._served(name, app)
                _log.info("%s answers at %s", name, self.address(name))
        return self.address(name)

    async def _served(self, name: str, app: ASGIApp) -> _Site:
        listening = self._listen(name)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            http=_Protocol,
            ws="websockets-sansio",
            date_header=False,
            server_header=False,
            ws_max_size=2**24,
        )
        config.load()
        config.ssl = self._context
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]), name=f"site {name}")
        while not server.started and not task.done():
            await asyncio.sleep(0.002)
        if task.done():
            task.result()
        return _Site(server, task, listening.getsockname()[1])

    def listen(self, name: str) -> socket.socket:
        """A socket at the port of `name`, for what is no app of ours; the caller closes it."""
        return self._listen(name)

    def address(self, name: str) -> str:
        """`localhost:PORT` of a site that is open."""
        return f"localhost:{self._open[name].port}"

    def find(self, name: str) -> str | None:
        """`localhost:PORT` of a site; None when it is not open."""
        return self.address(name) if name in self._open else None

    async def close(self, name: str, *, forget: bool = False) -> None:
        """Stops serving a name; `forget` gives its port to others too."""
        if forget:
            self._store.delete(_PORTS, name)
        if site := self._open.pop(name, None):
            site.server.should_exit = True
            site.server.force_exit = True
            await site.task

    async def close_all(self) -> None:
        await asyncio.gather(*(self.close(name) for name in list(self._open)))

    def _listen(self, name: str) -> socket.socket:
        # The first site answers where the user says, the others where they have always answered.
        known = self._store.get(_PORTS, name)
        if known and (self._open or not self._first_port):
            return self._bound(known["port"], name)
        taken = {each["port"] for each in self._store.list(_PORTS) if each != known}
        port = self._first_port
        while True:
            while port in taken:
                port += 1
            try:
                listening = self._bound(port, name)
            except EmulatorError:
                # The first one is where the user says; others may be anywhere.
                if not self._open:
                    raise
                port += 1
                continue
            self._store.put(_PORTS, name, {"port": listening.getsockname()[1]})
            return listening

    def _bound(self, port: int, name: str) -> socket.socket:
        family = (
            socket.AF_INET6 if ipaddress.ip_address(self._host).version == 6 else socket.AF_INET
        )
        # The protocol is named because asyncio turns off Nagle's algorithm for no other socket.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((self._host, port))
        except OSError as error:
            listening.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise EmulatorError(
                f"port {port} for {name} is taken by another program"
                if error.errno == errno.EADDRINUSE
                else f"port {port} for {name} may not be listened on by this user",
                hint="acideploy emulator start --port N, after acideploy emulator reset "
                "when it has run before",
            ) from error
        listening.listen(128)
        listening.setblocking(False)
        return listening
