"""What was asked of the emulator and what it answered, with the bytes of both; and faults."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acideploy.emulator.clock import Clock
from acideploy.emulator.faults import Faults

# The last that are remembered.
_REMEMBERED = 20_000

_log = logging.getLogger(__name__)


@dataclass
class Exchange:
    """A request and its answer. Bytes are those of the bodies; times those of the cloud."""

    number: int
    site: str
    method: str
    path: str
    query: str
    time: str
    status: int | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    faults: list[str] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "site": self.site,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "time": self.time,
            "status": self.status,
            "bytesIn": self.bytes_in,
            "bytesOut": self.bytes_out,
            "faults": self.faults,
        }


class Traffic:
    """The exchanges so far, the oldest first."""

    def __init__(self) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=_REMEMBERED)
        self._numbers = itertools.count(1)

    def begin(self, site: str, scope: Scope, time: str) -> Exchange:
        exchange = Exchange(
            number=next(self._numbers),
            site=site,
            method=scope.get("method", "WEBSOCKET"),
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            time=time,
        )
        self._exchanges.append(exchange)
        return exchange

    def clear(self) -> None:
        self._exchanges.clear()

    def describe(self) -> list[dict[str, Any]]:
        return [exchange.describe() for exchange in self._exchanges]


def fault(request: Request, name: str) -> Any:
    """What a rule says shall go wrong with this request under this name; None for nothing."""
    return request.scope.get("acideploy.faults", {}).get(name)


async def _reset(scope: Scope) -> None:
    """Cuts the connection of a request; `acideploy.abort` is put there by the server.

    A websocket is only not accepted: the server gives no hold of its connection.
    """
    if abort := scope.get("acideploy.abort"):
        abort()
        # The server has to learn of it before it misses an answer.
        await asyncio.sleep(0.01)


class Observed:
    """A site with its traffic recorded and faults brought about: ASGI around ASGI."""

    def __init__(
        self, app: ASGIApp, *, site: str, clock: Clock, traffic: Traffic, faults: Faults
    ) -> None:
        self._app = app
        self._site = site
        self._clock = clock
        self._traffic = traffic
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith("/_emulator"):
            await self._app(scope, receive, send)
            return
        now = self._clock.now().isoformat(timespec="milliseconds")
        exchange = self._traffic.begin(self._site, scope, now)
        struck = self._faults.strike(exchange.method, exchange.path)
        exchange.faults = list(struck)
        scope["acideploy.faults"] = struck

        async def count_in() -> Message:
            message = await receive()
            exchange.bytes_in += len(message.get("body") or message.get("bytes") or b"")
            return message

        async def count_out(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
            exchange.bytes_out += len(message.get("body") or message.get("bytes") or b"")
            await send(message)

        try:
            if struck:
                await self._strike(struck, scope, count_in, count_out)
            else:
                await self._app(scope, count_in, count_out)
        finally:
            _log.info(
                "%s %s %s %s", self._site, exchange.method, exchange.path, exchange.status or "-"
            )

    async def _strike(
        self, struck: dict[str, Any], scope: Scope, receive: Receive, send: Send
    ) -> None:
        if seconds := struck.get("delay"):
            await self._clock.sleep(seconds)
        if struck.get("reset"):
            await _reset(scope)
            return
        if status := struck.get("status"):
            await _refuse(status, struck, send)
            return
        if struck.get("truncate"):
            send = _truncating(scope, send)
        await self._app(scope, receive, send)


async def _refuse(status: int, struck: dict[str, Any], send: Send) -> None:
    code = struck.get("code", "InternalServerError")
    message = struck.get("message", "brought about by a rule of the emulator")
    # In the shape of Resource Manager and in that of a registry: clients read one or the other.
    entry = {"code": code, "message": message}
    body = json.dumps({"error": entry, "errors": [entry]}, separators=(",", ":")).encode()
    headers = [
        (name.lower().encode(), str(value).encode())
        for name, value in {
            "content-type": "application/json; charset=utf-8",
            "content-length": len(body),
            **struck.get("headers", {}),
        }.items()
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _truncating(scope: Scope, send: Send) -> Send:
    """Sends half of the first part of an answer's body, and then nothing more."""
    is_cut = False

    async def cut(message: Message) -> None:
        nonlocal is_cut
        if is_cut:
            return
        if message["type"] != "http.response.body" or not message.get("body"):
            await send(message)
            return
        is_cut = True
        body = message["body"]
        await send({**message, "body": body[: len(body) // 2], "more_body": True})
        await _reset(scope)

    return cut
