"""One client's connection to a proxy, request after request."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from tests.parts.dress import Dress
from tests.parts.faults import (
    Corrupt,
    ExpiredToken,
    Fault,
    Faults,
    ResetAfter,
    ResetBefore,
    ResetInBody,
    Truncate,
    expired_token,
)
from tests.parts.http1 import LAST_CHUNK, BrokenError, Connection, Head, framing
from tests.parts.traffic import Answer, Exchange, Request, Traffic

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# How long a client may go on sending what nobody wants any more.
LINGER_SECONDS = 2.0


class Proxied(Protocol):
    """What a conversation knows of its proxy."""

    delay: float
    dress: Dress
    faults: Faults
    traffic: Traffic

    @property
    def host(self) -> str: ...


class ResetError(Exception):
    """A fault asks for the connection to be reset here."""


class Conversation:
    """Owns the client's connection and one to the registry, made when it is needed."""

    def __init__(
        self, proxy: Proxied, client: Connection, connect: Callable[[], Connection]
    ) -> None:
        self._proxy = proxy
        self._client = client
        self._connect = connect
        self._upstream: Connection | None = None

    def run(self) -> None:
        """Answers until one side has enough."""
        try:
            while (head := self._client.read_head()) and self._exchange(head):
                pass
        except (BrokenError, ResetError, OSError):
            self._client.reset()
            if self._upstream:
                self._upstream.reset()
        finally:
            self._client.close()
            if self._upstream:
                self._upstream.close()

    def _exchange(self, head: Head) -> bool:
        """True when another request may follow."""
        exchange = self._proxy.traffic.begin(Request(head=head))
        body = self._request_body(head, exchange)
        request = Request(head=head, body=body)
        time.sleep(self._proxy.delay)
        fault = self._proxy.faults.strike(request)
        exchange.fault = fault
        match fault:
            case ResetBefore():
                raise ResetError
            case ResetInBody() if head.length == 0:
                raise ResetError
            case ExpiredToken():
                answer: Answer | None = expired_token(self._proxy.host, request)
            case Answer():
                answer = fault
            case _:
                answer = self._proxy.dress.answer(request)
        if answer is None:
            return self._forward(request, exchange, fault)
        return self._answer(request, answer, exchange, fault)

    def _answer(
        self, request: Request, answer: Answer, exchange: Exchange, fault: Fault | None
    ) -> bool:
        """Answers in place of the registry."""
        # Who waits to be asked for the body is not asked, and may send it or not.
        finished = request.head.get("expect") is None
        if finished:
            for _ in request.body:
                pass
        head = answer.head()
        parts = iter([memoryview(answer.body)] if answer.body else [])
        return self._respond(request, head, parts, exchange, fault, keep=finished)

    def _forward(self, request: Request, exchange: Exchange, fault: Fault | None) -> bool:
        """Asks the registry."""
        upstream = self._upstream = self._upstream or self._connect()
        upstream.send(self._proxy.dress.forward(request).encode())
        if request.head.get("expect"):
            early = upstream.read_head()
            if early and early.status != 100:
                return self._pass_on(request, early, exchange, fault, keep=False)
            self._client.send(CONTINUE)
        finished = self._send_body(request, upstream, fault)
        head = upstream.read_head()
        if head is None:
            raise BrokenError("the registry has closed the connection")
        return self._pass_on(request, head, exchange, fault, keep=finished)

    def _send_body(self, request: Request, upstream: Connection, fault: Fault | None) -> bool:
        """True when the registry took all of the body."""
        length = request.head.length
        frame = framing(length)
        parts: Iterable[memoryview] = request.body
        if isinstance(fault, ResetInBody):
            limit = fault.after if length is None else min(fault.after, length - 1)
            parts = _reset_after(limit, parts)
        for part in parts:
            try:
                upstream.send(frame(part))
            except BrokenError:
                # It may have answered already, without wanting to know the rest.
                return False
        if length is None:
            upstream.send(LAST_CHUNK)
        return True

    def _pass_on(
        self, request: Request, head: Head, exchange: Exchange, fault: Fault | None, *, keep: bool
    ) -> bool:
        """Gives the client what the registry answered."""
        assert self._upstream is not None
        upstream = self._upstream
        bodiless = request.method == "HEAD" or head.status in (204, 304)
        body = iter(()) if bodiless else upstream.body(head.length)
        dressed = self._proxy.dress.backward(request, head)
        keep = self._respond(request, dressed, body, exchange, fault, keep=keep)
        if head.closes or not keep:
            upstream.close()
            self._upstream = None
        return keep

    def _respond(
        self,
        request: Request,
        head: Head,
        body: Iterator[memoryview],
        exchange: Exchange,
        fault: Fault | None,
        *,
        keep: bool,
    ) -> bool:
        if isinstance(fault, ResetAfter):
            for _ in body:
                pass
            raise ResetError
        keep = keep and not request.head.closes
        if not keep:
            head = head.with_header("Connection", "close")
        elif head.closes:
            # The registry's own connection ends, this one need not.
            head = Head(start=head.start, headers=head.without("connection"))
        exchange.status = head.status
        exchange.response_bytes += len(encoded := head.encode())
        self._client.send(encoded)
        if request.method == "HEAD":
            return keep
        half = (head.length or 0) // 2
        frame = framing(head.length)
        for part in _spoilt(body, fault, half):
            exchange.response_bytes += len(part)
            exchange.response_body_bytes += len(part)
            self._client.send(frame(part))
        if isinstance(fault, Truncate) and head.length != 0:
            return False
        if head.length is None:
            self._client.send(LAST_CHUNK)
        if not keep:
            self._linger()
        return keep

    def _request_body(self, head: Head, exchange: Exchange) -> Iterator[memoryview]:
        for part in self._client.body(head.length):
            exchange.request_bytes += len(part)
            exchange.request_body_bytes += len(part)
            yield part

    def _linger(self) -> None:
        """Lets the client read the answer: closing at once would reset what it still sends."""
        sock = self._client.sock
        try:
            sock.settimeout(LINGER_SECONDS)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
        except OSError:
            pass


def _reset_after(limit: int, parts: Iterable[memoryview]) -> Iterator[memoryview]:
    for part in parts:
        if len(part) > limit:
            yield part[:limit]
            raise ResetError
        limit -= len(part)
        yield part
    raise ResetError


def _spoilt(parts: Iterator[memoryview], fault: Fault | None, half: int) -> Iterator[memoryview]:
    """The parts of an answer's body with what the fault does to them."""
    match fault:
        case Truncate():
            return _truncated(parts, half)
        case Corrupt():
            return _corrupted(parts, half)
        case _:
            return parts


def _truncated(parts: Iterator[memoryview], left: int) -> Iterator[memoryview]:
    for part in parts:
        if len(part) > left:
            if left:
                yield part[:left]
            return
        left -= len(part)
        yield part


def _corrupted(parts: Iterator[memoryview], position: int) -> Iterator[memoryview]:
    for part in parts:
        if 0 <= position < len(part):
            changed = bytearray(part)
            changed[position] ^= 0xFF
            yield memoryview(changed)
        else:
            yield part
        position -= len(part)
