"""Bytes and seconds as a person reads them."""

from __future__ import annotations

from acideploy.events import Summed


def amount(count: float) -> str:
    """`512 B`, `1.5 MB`: powers of 1000, as disks and registries count."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"


def elapsed(seconds: float) -> str:
    """`, 2.5 s` behind what took a while; nothing behind what did not."""
    return f", {seconds:.1f} s" if seconds >= 1 else ""


def summed(event: Summed) -> list[str]:
    """A line for each part, with its seconds below each other."""
    width = max((len(name) for name, _ in event.parts), default=0)
    rows = [f"  {name:<{width}}  {seconds:8.1f} s" for name, seconds in event.parts]
    return [f"{event.title}:", *rows]
