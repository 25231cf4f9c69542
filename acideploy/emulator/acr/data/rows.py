"""What a registry's tables hold. Times are texts, as they are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    name: str
    created: str
    updated: str
    locks: dict[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`described` is what was read from it and its configuration when it was put."""

    digest: str
    media_type: str
    body: bytes
    subject: str | None = None
    described: dict[str, Any] = field(default_factory=dict)
    created: str = ""
    updated: str = ""
    locks: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    name: str
    digest: str
    created: str
    updated: str
    locks: dict[str, bool]
