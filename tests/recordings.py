"""Recorded traffic of the real services: no part of this repository."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.environments import unavailable

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A request and what the service answered. Names of headers are in lower case."""

    method: str
    # From `/subscriptions` or `/providers` on.
    path: str
    request: Any
    status: int
    headers: dict[str, str]
    response: Any


def recording(name: str) -> list[Recorded]:
    """The exchanges of a recording, in their order; the test is skipped where there are none."""
    given = os.environ.get("ACIDEPLOY_RECORDINGS")
    folder = Path(given) if given else ROOT.parent / "shared" / "recordings"
    file = folder / f"{name}.jsonl"
    if not file.is_file():
        unavailable(f"no recorded traffic at {file} (set ACIDEPLOY_RECORDINGS)")
    return [_exchange(json.loads(line)) for line in file.read_text("utf-8").splitlines()]


def _exchange(text: dict[str, Any]) -> Recorded:
    return Recorded(
        method=text["method"],
        path=text["url"].removeprefix("https://management.azure.com"),
        request=text["request"],
        status=text["status"],
        headers={name.lower(): value for name, value in text["headers"].items()},
        response=text["response"],
    )


def shape(value: Any, *, values: Collection[str] = ()) -> Any:
    """What JSON looks like: its members in their order, its kinds of values, not the values.

    Of a list it is the shapes that its items have, each once. Members named in `values` are kept
    as they are.
    """
    if isinstance(value, dict):
        return [
            (name, inner if name in values else shape(inner, values=values))
            for name, inner in value.items()
        ]
    if isinstance(value, list):
        shapes: list[Any] = []
        for inner in (shape(each, values=values) for each in value):
            if inner not in shapes:
                shapes.append(inner)
        return shapes
    return type(value).__name__
