"""What engines send without end: the output of containers and of processes in them."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any

from acideploy.emulator.aci.engine.api import EngineApi, EngineRefusal
from acideploy.emulator.aci.engine.threads import in_thread

_CHUNK = 1 << 16
_FRAME_HEADER = 8


class EngineStream:
    """The body of an answer of the engine, as it comes.

    Without a terminal the engine sends frames, those of stdout and stderr in turn.
    """

    def __init__(self, response: Any, *, frames: bool) -> None:
        self._response = response
        self._frames = frames
        # What came with the headers is in this buffer: the SDK's own readers lose it.
        self._buffer = response.raw._fp.fp
        self._socket: socket.socket = self._buffer.raw._sock

    async def read(self) -> bytes:
        """The next bytes; none at the end, or once it is closed."""
        return await in_thread(self._read)

    async def write(self, text: bytes) -> None:
        # Nobody is there to hear it once the process has ended.
        with contextlib.suppress(OSError):
            await in_thread(lambda: self._socket.sendall(text))

    async def close(self) -> None:
        """Ends what still reads in a thread, too."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        await in_thread(self._response.close)

    def _read(self) -> bytes:
        # A connection that is cut is at its end; what was closed meanwhile raises ValueError.
        try:
            return self._next()
        except (OSError, ValueError):
            return b""

    def _next(self) -> bytes:
        chunked: bool = self._response.raw._fp.chunked
        if not self._frames:
            return bytes(self._buffer.read1(_CHUNK))
        return _frame(self._response.raw.read if chunked else self._buffer.read)


class ExecStream(EngineStream):
    """A process that was started in a container."""

    def __init__(self, api: EngineApi, process: str, response: Any, *, terminal: bool) -> None:
        super().__init__(response, frames=not terminal)
        self._api = api
        self._process = process

    async def resize(self, *, rows: int, columns: int) -> None:
        """Gives the terminal a size; nothing where there is none, or no process any more."""
        with contextlib.suppress(EngineRefusal):
            await self._api.call(
                lambda client: client.exec_resize(self._process, height=rows, width=columns)
            )


def _frame(read: Callable[[int], bytes]) -> bytes:
    """What is in the next frame that is not empty (API: ContainerAttach, "Stream format")."""
    while len(header := read(_FRAME_HEADER)) == _FRAME_HEADER:
        if size := int.from_bytes(header[4:], "big"):
            return read(size)
    return b""
