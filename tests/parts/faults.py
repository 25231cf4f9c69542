"""What can go wrong with a request, and the rules that say with which."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field

from tests.parts.acr_scopes import needed_scopes
from tests.parts.traffic import Answer, Request, error_answer


@dataclass(frozen=True)
class ResetBefore:
    """The connection is reset, and the registry never hears of the request."""


@dataclass(frozen=True)
class ResetInBody:
    """The connection is reset once the registry has this many bytes of the body.

    A shorter body is cut before its last byte; without a body it is the same as ResetBefore.
    """

    after: int


@dataclass(frozen=True)
class ResetAfter:
    """The connection is reset instead of an answer: the registry did it, the client is not told."""


@dataclass(frozen=True)
class Truncate:
    """The answer breaks off after half of its body."""


@dataclass(frozen=True)
class Corrupt:
    """The answer has a body of the right length with a wrong byte in the middle."""


@dataclass(frozen=True)
class ExpiredToken:
    """401, as for a token whose time is over."""


Fault = ResetBefore | ResetInBody | ResetAfter | Truncate | Corrupt | ExpiredToken | Answer


def too_many_requests(*, retry_after: int = 1) -> Answer:
    """429, with `Retry-After` in seconds."""
    wait = ("Retry-After", str(retry_after))
    return error_answer(429, "TOOMANYREQUESTS", "too many requests", wait)


def server_error(status: int = 500) -> Answer:
    """500, 503 or the like."""
    return error_answer(status, "UNKNOWN", "unknown error")


def expired_token(host: str, request: Request) -> Answer:
    """The answer to a token whose time is over: a challenge for what the request needs."""
    needed = " ".join(map(str, needed_scopes(request)))
    scope = f',scope="{needed}"' if needed else ""
    challenge = (
        f'Bearer realm="https://{host}/oauth2/token",service="{host}"{scope},error="invalid_token"'
    )
    message = (
        "authentication required, visit https://aka.ms/acr/authorization for more information."
    )
    return error_answer(401, "UNAUTHORIZED", message, ("WWW-Authenticate", challenge))


@dataclass(kw_only=True)
class Rule:
    """A fault for the `nth` request of this method whose path has the pattern in it, from 1.

    `times` requests one after the other fail, from that one on; None: all of them.
    """

    fault: Fault
    nth: int = 1
    times: int | None = 1
    method: str | None = None
    path: str = ""
    seen: int = 0

    @property
    def used(self) -> bool:
        """True once it has struck."""
        return self.seen >= self.nth

    def strikes(self, request: Request) -> bool:
        """Counts the request, and says whether it fails."""
        if self.method not in (None, request.method) or not re.search(self.path, request.path):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times is None or self.seen < self.nth + self.times)


@dataclass
class Faults:
    """The rules of a proxy. Every rule counts every request; the first that strikes decides."""

    _rules: list[Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, rule: Rule) -> None:
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def strike(self, request: Request) -> Fault | None:
        """What goes wrong with this request, if anything does."""
        with self._lock:
            striking = [rule for rule in self._rules if rule.strikes(request)]
            return striking[0].fault if striking else None
