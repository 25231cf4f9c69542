"""`exec` and `attach`: the websockets that their answers name."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
import string
from dataclasses import dataclass

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from acideploy.emulator.aci.groups import Groups
from acideploy.emulator.aci.runtime import Container, ContainerError, Stream
from acideploy.emulator.cloud import Cloud, new_id
from acideploy.emulator.store import Document

_LETTERS = string.ascii_letters + string.digits + "!#$%&*+-.=?@^_~>"
# How every password ends: the service looks for it to know that it has all.
_END = "[[EOM]]"
# RFC 6455, section 7.4.1.
_DONE, _REFUSED = 1000, 1008


@dataclass(frozen=True, kw_only=True)
class _Session:
    """What a socket is for. No command: the log as it comes."""

    password: str
    group: str
    container: str
    command: str | None = None
    rows: int | None = None
    columns: int | None = None


class Sockets:
    """Sessions that were given out; each can be used once."""

    def __init__(self, cloud: Cloud, groups: Groups) -> None:
        self._cloud = cloud
        self._groups = groups
        self._sessions: dict[str, _Session] = {}

    def routes(self) -> list[WebSocketRoute]:
        return [
            WebSocketRoute("/execstream/sessionId/{session}", self._serve),
            WebSocketRoute("/logstream/sessionId/{session}", self._serve),
        ]

    def offer_exec(
        self, group: str, container: str, command: str, *, rows: int | None, columns: int | None
    ) -> Document:
        session = _Session(
            password=_password(),
            group=group,
            container=container,
            command=command,
            rows=rows,
            columns=columns,
        )
        size = f"&rows={rows}&cols={columns}" if rows and columns else ""
        return self._offer("execstream", session, size)

    def offer_attach(self, group: str, container: str) -> Document:
        session = _Session(password=_password(), group=group, container=container)
        return self._offer("logstream", session, "")

    def _offer(self, stream: str, session: _Session, query: str) -> Document:
        id = new_id()
        self._sessions[id] = session
        host = self._cloud.url.removeprefix("https://")
        uri = f"wss://{host}/{stream}/sessionId/{id}?api-version=1.0{query}"
        return {"webSocketUri": uri, "password": session.password}

    async def _serve(self, socket: WebSocket) -> None:
        await socket.accept()
        session = self._sessions.pop(socket.path_params["session"], None)
        with contextlib.suppress(WebSocketDisconnect):
            said = await _received(socket)
            if session is None or not hmac.compare_digest(said, session.password.encode()):
                await socket.close(_REFUSED)
                return
            await self._connect(socket, session)

    async def _connect(self, socket: WebSocket, session: _Session) -> None:
        container = self._groups.container(session.group, session.container)
        if container is not None:
            if session.command is None:
                await _either(_send_log(socket, container), _drain(socket))
            else:
                await _execute(socket, container, session)
        with contextlib.suppress(RuntimeError):
            await socket.close(_DONE)


async def _execute(socket: WebSocket, container: Container, session: _Session) -> None:
    # One process, and no arguments: the service takes the whole text for its name.
    command = (session.command or "",)
    try:
        stream = await container.execute(command, rows=session.rows, columns=session.columns)
    except ContainerError as error:
        await socket.send_bytes(f"{error}\r\n".encode())
        return
    try:
        await _either(_send_output(socket, stream), _send_input(socket, stream))
    finally:
        await stream.close()


async def _send_output(socket: WebSocket, stream: Stream) -> None:
    while said := await stream.read():
        await socket.send_bytes(said)


async def _send_input(socket: WebSocket, stream: Stream) -> None:
    while True:
        await stream.write(await _received(socket))


async def _send_log(socket: WebSocket, container: Container) -> None:
    async for said in container.follow():
        await socket.send_bytes(said)


async def _drain(socket: WebSocket) -> None:
    while True:
        await _received(socket)


async def _received(socket: WebSocket) -> bytes:
    """The next message, text or bytes. Raises WebSocketDisconnect at the end."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", _DONE))
    return message.get("bytes") or (message.get("text") or "").encode()


async def _either(*doings: object) -> None:
    """Does all until one of them ends; it may end by the other side's going away."""
    tasks = [asyncio.ensure_future(each) for each in doings]  # type: ignore[call-overload]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _password() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(25)) + _END
