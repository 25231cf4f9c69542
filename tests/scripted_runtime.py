"""A runtime whose containers do what a test says, and which remembers what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from acideploy.emulator.aci.runtime import (
    Container,
    ContainerError,
    ContainerOrder,
    Credentials,
    Exit,
    Group,
    GroupOrder,
    Image,
    ImageError,
    Stream,
)

DIGEST = "sha256:" + "ab" * 32


@dataclass(kw_only=True)
class ScriptedRuntime:
    """Images in `missing` are not there; `pull_fails` and `start_fails` count down."""

    runs: bool = True
    missing: dict[str, ImageError] = field(default_factory=dict)
    pull_fails: int = 0
    start_fails: int = 0
    # What a container says, and the exit code of each probe in it.
    log: bytes = b"hello\nworld\n"
    probe_code: int = 0
    logins: list[Credentials | None] = field(default_factory=list)
    opened: list[tuple[GroupOrder, str]] = field(default_factory=list)
    orders: list[ContainerOrder] = field(default_factory=list)
    containers: list[ScriptedContainer] = field(default_factory=list)
    groups_removed: int = 0

    async def resolve(self, name: str, credentials: Credentials | None) -> Image:
        self.logins.append(credentials)
        if name in self.missing:
            raise self.missing[name]
        return Image(name=name, digest=DIGEST)

    async def pull(self, image: Image, credentials: Credentials | None) -> None:
        if self.pull_fails:
            self.pull_fails -= 1
            raise ImageError("no route to the registry")

    async def open(self, order: GroupOrder, *, address: str) -> Group:
        self.opened.append((order, address))
        return _ScriptedGroup(self, address)

    async def close(self) -> None:
        return

    def last(self, name: str) -> ScriptedContainer:
        return next(each for each in reversed(self.containers) if each.name == name)


class _ScriptedGroup:
    def __init__(self, runtime: ScriptedRuntime, address: str) -> None:
        self._runtime = runtime
        self.address = address

    async def start(self, order: ContainerOrder) -> Container:
        if self._runtime.start_fails:
            self._runtime.start_fails -= 1
            raise ContainerError(f"no such command: {order.command}")
        self._runtime.orders.append(order)
        container = ScriptedContainer(order.name, self._runtime)
        self._runtime.containers.append(container)
        return container

    async def remove(self) -> None:
        self._runtime.groups_removed += 1


class ScriptedContainer:
    def __init__(self, name: str, runtime: ScriptedRuntime) -> None:
        self.name = name
        self.id = "cd" * 32
        self._runtime = runtime
        self._ended: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self.removed = False
        self.executed: list[tuple[tuple[str, ...], int | None, int | None]] = []

    def end(self, code: int) -> None:
        if not self._ended.done():
            self._ended.set_result(Exit(code=code))

    async def wait(self) -> Exit:
        return await asyncio.shield(self._ended)

    async def kill(self) -> None:
        self.end(137)

    async def logs(self, *, tail: int | None = None, timestamps: bool = False) -> bytes:
        lines = self._runtime.log.splitlines(keepends=True)
        return b"".join(lines if tail is None else lines[-tail:])

    async def follow(self) -> AsyncIterator[bytes]:
        yield b"from now on\n"
        await self.wait()

    async def execute(
        self, command: tuple[str, ...], *, rows: int | None = None, columns: int | None = None
    ) -> Stream:
        self.executed.append((command, rows, columns))
        return _Echo()

    async def run(self, command: tuple[str, ...], *, seconds: float) -> int:
        return self._runtime.probe_code

    async def remove(self) -> None:
        self.removed = True


class _Echo:
    """Says again what it is told, in capitals, until it is told `exit`."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self) -> bytes:
        return await self._said.get()

    async def write(self, text: bytes) -> None:
        await self._said.put(b"" if text == b"exit" else text.upper())

    async def resize(self, *, rows: int, columns: int) -> None:
        return

    async def close(self) -> None:
        return
