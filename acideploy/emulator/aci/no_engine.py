"""`--no-engine`: the same answers and the same course of things, but nothing runs."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator

from acideploy.emulator.aci.runtime import (
    Container,
    ContainerOrder,
    Credentials,
    Exit,
    Group,
    GroupOrder,
    Image,
    Stream,
)

NOTICE = "nothing runs here: the emulator was started without an engine"


class NoEngine:
    """A runtime whose containers run for ever and do nothing, until somebody ends them."""

    runs = False

    async def resolve(self, name: str, credentials: Credentials | None) -> Image:
        """Every image is there; the same name stands for the same digest, always."""
        _, _, digest = name.partition("@")
        return Image(name=name, digest=digest or f"sha256:{_sha256(name)}")

    async def pull(self, image: Image, credentials: Credentials | None) -> None:
        return

    async def open(self, order: GroupOrder, *, address: str) -> Group:
        return _Group(address)

    async def close(self) -> None:
        return


class _Group:
    def __init__(self, address: str) -> None:
        self.address = address

    async def start(self, order: ContainerOrder) -> Container:
        return _Container()

    async def remove(self) -> None:
        return


class _Container:
    def __init__(self) -> None:
        self.id = secrets.token_hex(32)
        self._ended = asyncio.Event()

    async def wait(self) -> Exit:
        await self._ended.wait()
        return Exit(code=137)

    async def kill(self) -> None:
        self._ended.set()

    async def logs(self, *, tail: int | None = None, timestamps: bool = False) -> bytes:
        return b"" if tail == 0 else f"{NOTICE}\n".encode()

    async def follow(self) -> AsyncIterator[bytes]:
        yield f"{NOTICE}\n".encode()
        await self._ended.wait()

    async def execute(
        self, command: tuple[str, ...], *, rows: int | None = None, columns: int | None = None
    ) -> Stream:
        return _Stream()

    async def run(self, command: tuple[str, ...], *, seconds: float) -> int:
        return 0

    async def remove(self) -> None:
        self._ended.set()


class _Stream:
    """Says that nothing runs, and ends."""

    def __init__(self) -> None:
        self._left = f"{NOTICE}\r\n".encode()

    async def read(self) -> bytes:
        said, self._left = self._left, b""
        return said

    async def write(self, text: bytes) -> None:
        return

    async def resize(self, *, rows: int, columns: int) -> None:
        return

    async def close(self) -> None:
        return


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
