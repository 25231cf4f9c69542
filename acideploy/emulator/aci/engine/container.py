"""A container that an engine runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Any

from acideploy.emulator.aci.engine.api import EngineApi, EngineRefusal
from acideploy.emulator.aci.engine.streams import EngineStream, ExecStream
from acideploy.emulator.aci.runtime import Exit

# How long a container that was told to end may take.
GRACE_SECONDS = 2
_KILLED = 128 + 9
_TIMED_OUT = 124
# What a shell says of a command that it cannot run.
_CANNOT_RUN = 126
_LOOK_SECONDS = 1.0
_ATTEMPTS = 20
_ATTEMPT_SECONDS = 0.05


class EngineContainer:
    """A container that was started. `limited`: it may use only so much memory."""

    def __init__(self, api: EngineApi, container: str, *, limited: bool) -> None:
        self.id = container
        self._api = api
        self._limited = limited
        self._told_to_end = False

    async def wait(self) -> Exit:
        try:
            # No timeout: it may run for ever.
            await self._api.call(lambda client: client.wait(self.id, timeout=None))
            state = await self._state()
        except EngineRefusal as refusal:
            if not refusal.missing:
                raise
            return Exit(code=_KILLED)
        code = int(state["ExitCode"])
        # Podman does not always see that it was the memory. From within a container nothing can
        # kill its first process, and from without only we do, or the kernel.
        killed = code == _KILLED and self._limited and not self._told_to_end
        return Exit(code=code, killed=killed or bool(state.get("OOMKilled")))

    async def kill(self) -> None:
        self._told_to_end = True
        with _missing_allowed():
            await self._api.call(lambda client: client.stop(self.id, timeout=GRACE_SECONDS))

    async def logs(self, *, tail: int | None = None, timestamps: bool = False) -> bytes:
        lines = "all" if tail is None else tail
        return await self._api.call(
            lambda client: bytes(client.logs(self.id, tail=lines, timestamps=timestamps))
        )

    async def follow(self) -> AsyncIterator[bytes]:
        if not await self._runs():
            return
        stream = await self._api.call(self._open_log)
        watching = asyncio.create_task(self._close_at_end(stream))
        try:
            while text := await stream.read():
                yield text
        finally:
            watching.cancel()
            await stream.close()

    async def execute(
        self, command: tuple[str, ...], *, rows: int | None = None, columns: int | None = None
    ) -> ExecStream:
        terminal = rows is not None and columns is not None
        stream, _ = await self._execute(command, stdin=True, terminal=terminal)
        if rows is not None and columns is not None:
            await stream.resize(rows=rows, columns=columns)
        return stream

    async def run(self, command: tuple[str, ...], *, seconds: float) -> int:
        """As promised. After `seconds` the process goes on, unheard: engines cannot end it."""
        try:
            return await asyncio.wait_for(self._run(command), seconds)
        except asyncio.TimeoutError:
            return _TIMED_OUT
        except EngineRefusal:
            return _CANNOT_RUN

    async def remove(self) -> None:
        self._told_to_end = True
        with _missing_allowed():
            await self._api.call(
                lambda client: client.remove_container(self.id, force=True, v=True)
            )

    async def _state(self) -> dict[str, Any]:
        inspected = await self._api.call(lambda client: client.inspect_container(self.id))
        state: dict[str, Any] = inspected["State"]
        return state

    async def _runs(self) -> bool:
        try:
            return bool((await self._state())["Running"])
        except EngineRefusal as refusal:
            if not refusal.missing:
                raise
            return False

    async def _close_at_end(self, stream: EngineStream) -> None:
        """Ends a log that Podman never ends: of what ended before it began to look."""
        while await self._runs():
            await asyncio.sleep(_LOOK_SECONDS)
        await asyncio.sleep(_LOOK_SECONDS)
        await stream.close()

    def _open_log(self, client: Any) -> EngineStream:
        # The SDK's own call cannot be broken off.
        asked = {"follow": 1, "stdout": 1, "stderr": 1, "tail": 0}
        url = client._url("/containers/{0}/logs", self.id)
        response = client._get(url, params=asked, stream=True, timeout=None)
        client._raise_for_status(response)
        return EngineStream(response, frames=True)

    async def _run(self, command: tuple[str, ...]) -> int:
        stream, process = await self._execute(command, stdin=False, terminal=False)
        try:
            while await stream.read():
                pass
        finally:
            await stream.close()
        # Its output may end a moment before it does.
        for _ in range(_ATTEMPTS):
            found = await self._api.call(lambda client: client.exec_inspect(process))
            if not found["Running"] and found["ExitCode"] is not None:
                return int(found["ExitCode"])
            await asyncio.sleep(_ATTEMPT_SECONDS)
        return _CANNOT_RUN

    async def _execute(
        self, command: tuple[str, ...], *, stdin: bool, terminal: bool
    ) -> tuple[ExecStream, str]:
        def begin(client: Any) -> tuple[ExecStream, str]:
            made = client.exec_create(self.id, list(command), stdin=stdin, tty=terminal)
            # The SDK's own call knows no way of telling what it read too much.
            response = client._post_json(
                client._url("/exec/{0}/start", made["Id"]),
                data={"Tty": terminal, "Detach": False},
                headers={"Connection": "Upgrade", "Upgrade": "tcp"},
                stream=True,
                timeout=None,
            )
            client._raise_for_status(response)
            stream = ExecStream(self._api, made["Id"], response, terminal=terminal)
            return stream, made["Id"]

        return await self._api.call(begin)


@contextlib.contextmanager
def _missing_allowed() -> Iterator[None]:
    try:
        yield
    except EngineRefusal as refusal:
        if not refusal.missing and refusal.status != HTTPStatus.NOT_MODIFIED:
            raise
