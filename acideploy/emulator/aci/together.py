"""Things done at the same time, and things that are not left half done."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def all_of(doings: Iterable[Coroutine[Any, Any, Any]]) -> None:
    """Does all at the same time; when one fails, or this is cancelled, none of them goes on."""
    tasks = [asyncio.create_task(each) for each in doings]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def to_the_end(doing: Coroutine[Any, Any, None]) -> None:
    """Goes through with something even when this is cancelled; then it is."""
    task = asyncio.create_task(doing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise
