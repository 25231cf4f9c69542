"""What environments are made for: images, or this machine."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Platform:
    """`subdir` is conda's name of it; `uv` is uv's, None for whatever uv runs on.

    `glibc` is the oldest that what is installed has to run with.
    """

    subdir: str
    uv: str | None
    glibc: str | None = None


# glibc 2.28 and later: the default base image, and all others that are still looked after.
IMAGE = Platform("linux-64", "x86_64-manylinux_2_28", glibc="2.28")

_SUBDIRS = {
    ("linux", "aarch64"): "linux-aarch64",
    ("darwin", "x86_64"): "osx-64",
    ("darwin", "arm64"): "osx-arm64",
}


def here() -> Platform:
    """This machine; that of images, where it can be, so that one lock serves both."""
    machine = platform.machine()
    if (sys.platform, machine) == ("linux", "x86_64"):
        return IMAGE
    return Platform(_SUBDIRS.get((sys.platform, machine), f"{sys.platform}-{machine}"), None)
