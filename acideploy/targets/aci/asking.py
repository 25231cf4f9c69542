"""A question to Azure that is asked before a deploy, and how its answers are read.

Answers of services that are not ours may lack anything: what is not there is None or zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from acideploy.config.problem import Problem


class Check(NamedTuple):
    """`what` is for people, `scope` what has to be readable for it. `look` raises AzureError."""

    what: str
    scope: str
    look: Callable[[], Iterable[Problem]]


def value_at(document: Any, *keys: str) -> Any | None:
    """What is below the keys, None where the document has none of them."""
    for key in keys:
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    return document


def text_at(document: Any, *keys: str) -> str | None:
    value = value_at(document, *keys)
    return value if isinstance(value, str) else None


def number_at(document: Any, *keys: str) -> float:
    value = value_at(document, *keys)
    return float(value) if isinstance(value, int | float) else 0.0
