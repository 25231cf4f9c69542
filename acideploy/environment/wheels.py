"""Which wheel of several fits the platform of images best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

_NEWEST_GLIBC = 28
# What images have is `IMAGE.glibc` of `platforms.py`, the newest that a wheel may ask for.
# The older names of some of them. https://peps.python.org/pep-0600/#legacy-manylinux-tags
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


def best_wheel(names: Sequence[str], *, python: str) -> str:
    """The file name that an installer would take for `python` (`3.8`) on Linux, x86-64.

    The first one where none of them is for that.
    """
    ranks = {tag: rank for rank, tag in enumerate(_tags(python))}

    def rank(name: str) -> int:
        return min((ranks[tag] for tag in _tags_of(name) if tag in ranks), default=len(ranks))

    return min(names, key=rank)


def fits(name: str, *, python: str) -> bool:
    """Whether a wheel of that file name can be installed in an image with that Python."""
    return not _tags_of(name).isdisjoint(_tags(python))


def wheel_tags(folder: Path) -> Iterator[str]:
    """The tags of each distribution that is installed in a folder, such as `py3-none-any`.

    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    """
    for metadata in folder.glob("*.dist-info/WHEEL"):
        for line in metadata.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key == "Tag":
                yield value.strip()


def _tags_of(name: str) -> frozenset[Tag]:
    try:
        return parse_wheel_filename(name)[3]
    except InvalidWheelFilename:
        return frozenset()


def _tags(python: str) -> Iterator[Tag]:
    version = tuple(int(part) for part in python.split(".")[:2])
    platforms = list(_platforms())
    yield from cpython_tags(version, platforms=platforms)
    yield from compatible_tags(version, f"cp{version[0]}{version[1]}", platforms)


def _platforms() -> Iterator[str]:
    for minor in range(_NEWEST_GLIBC, 4, -1):
        yield f"manylinux_2_{minor}_x86_64"
        if older := _LEGACY.get(minor):
            yield f"{older}_x86_64"
    yield "linux_x86_64"
