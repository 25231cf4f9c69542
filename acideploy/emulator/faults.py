"""What shall go wrong: rules that say which requests fail, and how."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any

# Faults of the exchange itself, which any request can have.
EXCHANGE = ("status", "delay", "reset", "truncate")
# Faults that the surface brings about which the request is for.
SURFACE = ("expiredToken", "crash", "imagePull", "quota", "capacity", "slowStart")
_OTHERS = ("code", "message", "headers", "method", "path", "skip", "count", "probability", "seed")


@dataclass(kw_only=True)
class Rule:
    """A fault for requests of this method whose path has the regular expression in it.

    The first `skip` of them are spared, then `count` have it (None: all), each with `probability`.
    """

    text: dict[str, Any]
    fault: dict[str, Any]
    method: str | None = None
    path: re.Pattern[str] = re.compile("")
    skip: int = 0
    count: int | None = 1
    probability: float = 1.0
    chance: random.Random = field(default_factory=random.Random)
    seen: int = 0
    struck: int = 0

    def strikes(self, method: str, path: str) -> bool:
        """Counts a request, and says whether it fails."""
        if self.method not in (None, method) or not self.path.search(path):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.count is not None and self.struck >= self.count):
            return False
        if self.chance.random() >= self.probability:
            return False
        self.struck += 1
        return True


class Faults:
    """The rules in force. Each one counts every request; several may strike the same."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        self._rules.append(rule)

    def clear(self) -> None:
        self._rules.clear()

    def strike(self, method: str, path: str) -> dict[str, Any]:
        """All that goes wrong with a request; of two rules with the same fault the first counts."""
        struck = [rule.fault for rule in self._rules if rule.strikes(method, path)]
        return {name: value for fault in reversed(struck) for name, value in fault.items()}

    def describe(self) -> list[dict[str, Any]]:
        return [{**rule.text, "seen": rule.seen, "struck": rule.struck} for rule in self._rules]


def read_rule(text: object) -> Rule:
    """A rule from its JSON. Raises ValueError that names what is wrong with it."""
    if not isinstance(text, dict):
        raise ValueError('a rule is an object, as {"path": "/score", "status": 500}')
    known = (*EXCHANGE, *SURFACE, *_OTHERS)
    if unknown := [name for name in text if name not in known]:
        raise ValueError(f"{unknown[0]!r} is no part of a rule; there are {', '.join(known)}")
    fault = {
        name: value
        for name, value in text.items()
        if name in (*EXCHANGE, *SURFACE, "code", "message", "headers")
    }
    if not any(name in fault for name in (*EXCHANGE, *SURFACE)):
        raise ValueError(f"a rule needs a fault: {', '.join((*EXCHANGE, *SURFACE))}")
    _check_kinds(text)
    try:
        pattern = re.compile(text.get("path", ""), re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"path is no regular expression: {error}") from error
    method = text.get("method")
    return Rule(
        text=text,
        fault=fault,
        method=method.upper() if method else None,
        path=pattern,
        skip=text.get("skip", 0),
        count=text.get("count", 1),
        probability=text.get("probability", 1.0),
        chance=random.Random(text.get("seed")),
    )


_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "status": ((int,), "an HTTP status"),
    "delay": ((int, float), "a number of seconds"),
    "slowStart": ((int, float), "a number of seconds"),
    "reset": ((bool,), "true"),
    "truncate": ((bool,), "true"),
    "expiredToken": ((bool,), "true"),
    "quota": ((bool, str), "true, or the name of a quota"),
    "capacity": ((bool,), "true"),
    "imagePull": ((bool, str), "true, or an error code"),
    "crash": ((dict,), 'an object, as {"exitCode": 1, "after": 2}'),
    "code": ((str,), "an error code"),
    "message": ((str,), "a text"),
    "headers": ((dict,), "an object of texts"),
    "method": ((str,), "an HTTP method"),
    "path": ((str,), "a regular expression"),
    "skip": ((int,), "a number of requests"),
    "count": ((int, type(None)), "a number of requests, or null for all"),
    "probability": ((int, float), "a number from 0 to 1"),
    "seed": ((int, str), "a number or a text"),
}


def _check_kinds(text: dict[str, Any]) -> None:
    for name, value in text.items():
        kinds, wanted = _KINDS[name]
        is_number = isinstance(value, bool) and bool not in kinds
        if not isinstance(value, kinds) or is_number:
            raise ValueError(f"{name} must be {wanted}, not {value!r}")
    if "status" in text and not 100 <= text["status"] <= 599:
        raise ValueError(f"status must be an HTTP status, not {text['status']}")
