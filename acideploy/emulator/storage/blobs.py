"""The address of all blobs: a port of ours whose connections are passed on to Azurite."""

from __future__ import annotations

import asyncio
import contextlib

from acideploy.emulator.cloud import Cloud
from acideploy.emulator.storage.azurite import Azurite

_SITE = "blobs"
_PART = 1 << 16


class Blobs:
    """Listens where accounts say that their blobs are, and starts Azurite for who connects.

    TLS is Azurite's, so that what passes here is not seen: neither faults nor the record of
    requests know of blobs.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._azurite = Azurite(cloud)
        self._server: asyncio.Server | None = None
        self._address = ""
        self._connections: set[asyncio.Task[None]] = set()

    async def listen(self) -> str:
        """Listens, unless it does already; returns `localhost:PORT`."""
        if self._server is None:
            listening = self._cloud.sites.listen(_SITE)
            self._address = f"localhost:{listening.getsockname()[1]}"
            self._server = await asyncio.start_server(self._connected, sock=listening)
        return self._address

    async def close(self) -> None:
        if self._server:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._azurite.stop()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._connections.add(task)
        try:
            port = await self._azurite.port()
            if port is not None:
                there = await asyncio.open_connection("127.0.0.1", port)
                await _pass_on((reader, writer), there)
        except (OSError, asyncio.CancelledError):
            # The client, or Azurite, has gone: the other one learns of it by the close below.
            pass
        finally:
            self._connections.discard(task)
            writer.close()


_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _pass_on(here: _Ends, there: _Ends) -> None:
    """Passes on what either side sends, until one of them is done."""
    ways = (
        asyncio.create_task(_copy(here[0], there[1])),
        asyncio.create_task(_copy(there[0], here[1])),
    )
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        there[1].close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await reader.read(_PART):
            writer.write(part)
            await writer.drain()
