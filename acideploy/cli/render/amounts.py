"""Bytes as a person reads them."""

from __future__ import annotations


def amount(count: float) -> str:
    """`512 B`, `1.5 MB`: powers of 1000, as disks and registries count."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
