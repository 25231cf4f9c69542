"""HTTP/1.1 as bytes on a connection: heads, and bodies that are passed on without being held."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO, cast

# Sixteen records of TLS: what one write encrypts at a time.
CHUNK = 256 * 1024


class BrokenError(Exception):
    """The other side has gone, or does not speak HTTP."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """The start line and headers of a request or response."""

    start: str
    headers: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """The value of a header, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def without(self, *names: str) -> tuple[tuple[str, str], ...]:
        return tuple(each for each in self.headers if each[0].lower() not in names)

    def with_header(self, name: str, value: str) -> Head:
        """The same head with this header instead of any of that name."""
        return replace(self, headers=(*self.without(name.lower()), (name, value)))

    def encode(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers), "", ""]
        return "\r\n".join(lines).encode("latin-1")

    @property
    def method(self) -> str:
        return self.start.split(" ")[0]

    @property
    def target(self) -> str:
        return self.start.split(" ")[1]

    @property
    def status(self) -> int:
        return int(self.start.split(" ")[1])

    @property
    def closes(self) -> bool:
        return (self.get("connection") or "").lower() == "close"

    @property
    def length(self) -> int | None:
        """The length of the body in bytes; None when it comes in chunks."""
        if (self.get("transfer-encoding") or "").lower() == "chunked":
            return None
        return int(self.get("content-length") or 0)


@dataclass
class Connection:
    """One side of a conversation. Used by one thread."""

    sock: socket.socket
    _buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(CHUNK)), repr=False)
    _reader: BinaryIO = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = cast(BinaryIO, self.sock.makefile("rb", buffering=64 * 1024))

    def read_head(self) -> Head | None:
        """The next head; None where the other side has ended the conversation."""
        with _broken():
            start = self._line()
            if not start:
                return None
            headers = []
            while line := self._line():
                name, _, value = line.partition(":")
                headers.append((name, value.strip()))
            return Head(start=start, headers=tuple(headers))

    def body(self, length: int | None) -> Iterator[memoryview]:
        """The parts of a body, each good until the next is asked for. None: it is chunked."""
        with _broken():
            if length is not None:
                yield from self._exactly(length)
                return
            while size := int(self._line().split(";")[0], 16):
                yield from self._exactly(size)
                self._line()
            # Trailers, which nobody here needs.
            while self._line():
                pass

    def send(self, *parts: bytes | memoryview) -> None:
        with _broken():
            for part in parts:
                self.sock.sendall(part)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._reader.close()
            self.sock.close()

    def reset(self) -> None:
        """Ends the conversation as a crash or a firewall does: `connection reset by peer`."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def _line(self) -> str:
        line = self._reader.readline(64 * 1024)
        return line.decode("latin-1").rstrip("\r\n")

    def _exactly(self, length: int) -> Iterator[memoryview]:
        while length:
            count = self._reader.readinto(self._buffer[: min(length, CHUNK)])  # type: ignore[attr-defined]
            if not count:
                raise BrokenError("the body ended early")
            length -= count
            yield self._buffer[:count]


Part = bytes | memoryview
LAST_CHUNK = b"0\r\n\r\n"


def framing(length: int | None) -> Callable[[Part], Part]:
    """How the parts of a body of this length are written. None: in chunks."""
    return _chunk if length is None else lambda part: part


def _chunk(part: Part) -> bytes:
    return b"".join((b"%x\r\n" % len(part), part, b"\r\n"))


@contextlib.contextmanager
def _broken() -> Iterator[None]:
    try:
        yield
    # ValueError: a size that is no number, or a file that another thread has closed.
    except (OSError, ValueError) as error:
        raise BrokenError(str(error)) from error
