"""How the packages of a lock are spread over layers: what changes together lies together.

A large package has a layer of its own, which the images of different services share. The rest is
four layers at the most: the interpreter with what it needs, other conda packages, the serving stack
and other pip packages.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from acideploy.environment.lock import CondaPackage, EnvironmentLock, PipPackage

# Of a package file, compressed. Most environments have fewer than ten that are as large.
_LARGE = 4_000_000
# An image can have 127 layers; base images, models and code have theirs.
_LARGE_AT_MOST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Packages that share a layer: all of conda, or all of pip. `title` tells which they are."""

    title: str
    conda: tuple[CondaPackage, ...] = ()
    pip: tuple[PipPackage, ...] = ()

    def key(self, *, made_for: Collection[str]) -> str:
        """Names the layer by what goes in: `made_for` is all else that its bytes depend on."""
        packages: Sequence[CondaPackage | PipPackage] = (*self.conda, *self.pip)
        files = [[each.name, each.version, each.sha256] for each in packages]
        content = json.dumps([list(made_for), files]).encode()
        return hashlib.sha256(content).hexdigest()[:32]


def groups(lock: EnvironmentLock, *, serving: Collection[str] = ()) -> tuple[Group, ...]:
    """The groups of a lock, bottom layer first.

    `serving` are the names of the distributions of the serving stack.
    """
    return tuple(_groups(lock, frozenset(serving)))


def _groups(lock: EnvironmentLock, serving: frozenset[str]) -> Iterator[Group]:
    interpreter = _needed_by_python(lock.conda)
    large = _largest([*lock.conda, *lock.pip])
    below = tuple(each for each in lock.conda if each.name in interpreter)
    if below:
        yield Group(title=f"python {lock.python}", conda=below)
    others = [each for each in lock.conda if each.name not in interpreter]
    for package in others:
        if package.sha256 in large:
            yield Group(title=f"{package.name} {package.version}", conda=(package,))
    if small := tuple(each for each in others if each.sha256 not in large):
        yield Group(title=_counted(small, "conda"), conda=small)
    for distribution in lock.pip:
        if distribution.sha256 in large:
            title = f"{distribution.name} {distribution.version}"
            yield Group(title=title, pip=(distribution,))
    rest = [each for each in lock.pip if each.sha256 not in large]
    if stack := tuple(each for each in rest if each.name in serving):
        yield Group(title="serving stack", pip=stack)
    if own := tuple(each for each in rest if each.name not in serving):
        yield Group(title=_counted(own, "pip"), pip=own)


def _largest(packages: Iterable[CondaPackage | PipPackage]) -> frozenset[str]:
    large = sorted((each for each in packages if each.size >= _LARGE), key=lambda each: -each.size)
    return frozenset(each.sha256 for each in large[:_LARGE_AT_MOST])


def _needed_by_python(packages: Iterable[CondaPackage]) -> frozenset[str]:
    """Python and all that it depends on, by name."""
    by_name: Mapping[str, CondaPackage] = {each.name: each for each in packages}
    found: set[str] = set()
    waiting = ["python"]
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in found:
            found.add(name)
            # A dependency begins with its name: `openssl >=3.0,<4.0a0`.
            waiting += [
                re.split(r"[\s=<>!~\[]", each, maxsplit=1)[0] for each in by_name[name].depends
            ]
    return frozenset(found)


def _counted(packages: Collection[CondaPackage] | Collection[PipPackage], kind: str) -> str:
    return f"{len(packages)} {kind} package{'s' if len(packages) > 1 else ''}"
