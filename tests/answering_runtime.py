"""A runtime whose containers answer `/` as a service's server does, and run nothing."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from acideploy.emulator.aci.runtime import (
    Container,
    ContainerOrder,
    Credentials,
    Group,
    GroupOrder,
    Image,
)
from tests.scripted_runtime import ScriptedContainer, ScriptedRuntime


@dataclass(kw_only=True)
class AnsweringRuntime(ScriptedRuntime):
    """Where it `crashes`, no container answers: each ends with an error at once."""

    log: bytes = b"azmlinfsrv.acideploy - Listening at\n"
    crashes: bool = False

    async def resolve(self, name: str, credentials: Credentials | None) -> Image:
        image = await super().resolve(name, credentials)
        _, _, digest = name.partition("@")
        return Image(name=name, digest=digest or image.digest)

    async def open(self, order: GroupOrder, *, address: str) -> Group:
        self.opened.append((order, address))
        return _AnsweringGroup(self, address, order.volumes)

    async def close(self) -> None:
        for container in self.containers:
            container.end(137)


class _AnsweringGroup:
    def __init__(
        self,
        runtime: AnsweringRuntime,
        address: str,
        volumes: Mapping[str, Mapping[str, bytes]],
    ) -> None:
        self._runtime = runtime
        self.address = address
        self._volumes = volumes
        self._containers: list[_AnsweringContainer] = []

    async def start(self, order: ContainerOrder) -> Container:
        self._runtime.orders.append(order)
        container = _AnsweringContainer(order.name, self._runtime)
        self._runtime.containers.append(container)
        if self._runtime.crashes:
            container.end(1)
            return container
        self._containers.append(container)
        files = {
            f"{mount.path}/{name}": content
            for mount in order.mounts
            for name, content in self._volumes[mount.volume].items()
        }
        await container.listen(self.address, order.variables, files)
        return container

    async def remove(self) -> None:
        for container in self._containers:
            container.end(137)
        self._runtime.groups_removed += 1


class _AnsweringContainer(ScriptedContainer):
    _server: asyncio.Server | None = None

    async def listen(
        self, address: str, variables: Mapping[str, str], files: Mapping[str, bytes]
    ) -> None:
        head = f"HTTP/1.1 200 OK\r\nx-acideploy-revision: {variables['ACIDEPLOY_REVISION']}\r\n"
        answer = f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()

        async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # Who asks may be gone before the answer.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                await writer.drain()
            writer.close()

        self._server = await asyncio.start_server(
            respond, address, int(variables["ACIDEPLOY_PORT"]), ssl=_context(variables, files)
        )

    def end(self, code: int) -> None:
        if self._server:
            self._server.close()
        super().end(code)

    async def remove(self) -> None:
        self.end(137)
        await super().remove()


def _context(variables: Mapping[str, str], files: Mapping[str, bytes]) -> ssl.SSLContext | None:
    """TLS with the certificate and the key that the service was given; None for none."""
    names = [variables.get(f"ACIDEPLOY_TLS_{part}") for part in ("CERTIFICATE", "KEY")]
    if None in names:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, part) for part in ("certificate", "key")]
        for path, name in zip(paths, names, strict=True):
            path.write_bytes(files[str(name)])
        context.load_cert_chain(*paths)
    return context
