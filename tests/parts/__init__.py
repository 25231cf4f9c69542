"""Real parts that tests stand on: a registry, what stands in front of it, engines, a base image.

Each is a context manager that starts something of its own on loopback and leaves nothing behind.
None of them needs pytest or acideploy: a script may use them as well. `fixtures.py` has the
fixtures.
"""

from __future__ import annotations

import shutil
from pathlib import Path

__all__ = ["MissingPartError", "program"]


class MissingPartError(Exception):
    """A program, a package index or a right that a part needs is not there, or of no use here."""


def program(name: str, *, package: str | None = None) -> Path:
    """The path of an installed program. Raises MissingPartError, naming the Debian package."""
    # Debian keeps daemons where the PATH of an ordinary user does not look.
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if found is None:
        raise MissingPartError(f"{name} is not installed: apt-get install {package or name}")
    return Path(found)
