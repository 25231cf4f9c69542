"""What went through a proxy: requests, answers, and what goes by itself instead of the registry."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.parts.http1 import Head


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it came. `body` can be read once."""

    head: Head
    body: Iterable[memoryview] = ()

    @property
    def method(self) -> str:
        return self.head.method

    @property
    def path(self) -> str:
        """The path without its query, percent signs undone."""
        return unquote(urlsplit(self.head.target).path)

    @property
    def query(self) -> dict[str, str]:
        return fields(urlsplit(self.head.target).query)

    def read(self) -> bytes:
        """The whole body; for small ones."""
        return b"".join(bytes(part) for part in self.body)

    def form(self) -> dict[str, str]:
        """The fields of a body that is a form."""
        return fields(self.read().decode())


def fields(encoded: str) -> dict[str, str]:
    """The fields of a query or a form; those given twice are one, with a space between."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        found[name] = f"{found[name]} {value}" if name in found else value
    return found


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer that did not come from the registry."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def head(self) -> Head:
        length = ("Content-Length", str(len(self.body)))
        return Head(start=f"HTTP/1.1 {self.status} Answer", headers=(*self.headers, length))


def json_answer(status: int, content: Any, *headers: tuple[str, str]) -> Answer:
    """An answer whose body is JSON, written as compactly as the real services do."""
    return Answer(
        status=status,
        headers=(("Content-Type", "application/json; charset=utf-8"), *headers),
        body=json.dumps(content, separators=(",", ":")).encode(),
    )


def error_answer(
    status: int, code: str, message: str, *headers: tuple[str, str], detail: Any = None
) -> Answer:
    """An error in the form of the distribution specification."""
    error = {"code": code, "message": message, **({} if detail is None else {"detail": detail})}
    return json_answer(status, {"errors": [error]}, *headers)


@dataclass(kw_only=True)
class Exchange:
    """One request and what became of it. Bytes are those of HTTP, before encryption.

    It is there, and grows, while the request is under way. `status` is None as long as, or where,
    no answer was given.
    """

    method: str
    target: str
    authorized: bool = False
    request_bytes: int = 0
    request_body_bytes: int = 0
    response_bytes: int = 0
    response_body_bytes: int = 0
    status: int | None = None
    fault: object = None

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    def __str__(self) -> str:
        outcome = self.status if self.fault is None else f"{self.status} {self.fault}"
        sizes = f"{self.request_bytes} sent, {self.response_bytes} received"
        return f"{self.method} {self.target}: {outcome}, {sizes}"


@dataclass
class Traffic:
    """All exchanges since the start, or since `clear()`."""

    _exchanges: list[Exchange] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self, request: Request) -> Exchange:
        exchange = Exchange(
            method=request.method,
            target=request.head.target,
            authorized=request.head.get("authorization") is not None,
            request_bytes=len(request.head.encode()),
        )
        with self._lock:
            self._exchanges.append(exchange)
        return exchange

    def clear(self) -> None:
        with self._lock:
            self._exchanges.clear()

    def __iter__(self) -> Iterator[Exchange]:
        with self._lock:
            return iter(tuple(self._exchanges))

    def __len__(self) -> int:
        return len(self._exchanges)

    def select(
        self, method: str | None = None, path: str = "", status: int | None = None
    ) -> tuple[Exchange, ...]:
        """The exchanges of this method and status whose path has the pattern in it."""
        return tuple(
            each
            for each in self
            if method in (None, each.method)
            and status in (None, each.status)
            and re.search(path, each.path)
        )

    @property
    def sent(self) -> int:
        """The bytes that clients sent."""
        return sum(each.request_bytes for each in self)

    @property
    def received(self) -> int:
        """The bytes that clients were sent."""
        return sum(each.response_bytes for each in self)

    def __str__(self) -> str:
        return "\n".join(map(str, self))
