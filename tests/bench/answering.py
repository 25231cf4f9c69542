"""An emulator whose containers are sockets: they answer with their revision, and run nothing.

Run as a program it is that emulator, in a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timezone
from pathlib import Path

from acideploy.emulator import serve
from acideploy.emulator.aci import no_engine
from acideploy.emulator.aci.runtime import Container, ContainerOrder, Group, GroupOrder
from acideploy.emulator.emulator import Emulator
from tests.emulator_command import StartedEmulator, acideploy
from tests.parts.process import running

LOG = b"azmlinfsrv.acideploy - Listening at http://0.0.0.0:80\n"


class AnsweringRuntime(no_engine.NoEngine):
    """Every group answers on port 80 of its address from its container's start on."""

    runs = True

    async def open(self, order: GroupOrder, *, address: str) -> Group:
        return _AnsweringGroup(address)


class _AnsweringGroup:
    def __init__(self, address: str) -> None:
        self.address = address
        self._servers: list[asyncio.Server] = []

    async def start(self, order: ContainerOrder) -> Container:
        revision = order.variables.get("ACIDEPLOY_REVISION", "")
        head = f"HTTP/1.1 200 OK\r\nx-acideploy-revision: {revision}\r\ncontent-length: 0\r\n\r\n"

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(head.encode())
                await writer.drain()
            writer.close()

        self._servers.append(await asyncio.start_server(answer, self.address, 80))
        return _AnsweringContainer()

    async def remove(self) -> None:
        for server in self._servers:
            server.close()


class _AnsweringContainer(no_engine._Container):
    def __init__(self) -> None:
        super().__init__()
        self._began = datetime.now(timezone.utc).isoformat(timespec="microseconds")

    async def logs(self, *, tail: int | None = None, timestamps: bool = False) -> bytes:
        return f"{self._began} ".encode() + LOG if timestamps else LOG

    async def follow(self) -> AsyncIterator[bytes]:
        yield LOG
        await self.wait()


@contextlib.contextmanager
def answering(state: Path, *, ca: Path) -> Iterator[StartedEmulator]:
    """Such an emulator, at Azure's speed, on any ports. `ca` is to be trusted by its clients."""
    where = ("--state", str(state))
    log = state.with_suffix(".log")
    command = (sys.executable, "-m", "tests.bench.answering", str(state))

    def ready() -> bool:
        return bool(json.loads(acideploy("emulator", "status", *where, check=False))["running"])

    variables = {"REQUESTS_CA_BUNDLE": str(ca), "PYTHONPATH": str(Path.cwd())}
    with running(command, log=log, ready=ready, variables=variables):
        status = json.loads(acideploy("emulator", "status", *where))
        told = json.loads(acideploy("emulator", "env", *where, "-o", "json", **variables))
        yield StartedEmulator(state, status, told)


def _main() -> None:
    class Answering(Emulator):
        def __init__(self, directory: Path, **settings: object) -> None:
            super().__init__(directory, **settings, runtime=AnsweringRuntime())  # type: ignore[arg-type]

    serve.Emulator = Answering  # type: ignore[misc, attr-defined]
    settings = serve.Settings(directory=Path(sys.argv[1]), port=0, speed="1", no_engine=True)
    serve.serve(settings, ready=lambda _: None)


if __name__ == "__main__":
    _main()
