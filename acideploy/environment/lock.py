"""The lock of an environment: what was resolved, every file with its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Noarch: TypeAlias = Literal["python", "generic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaPackage:
    """One package file of a conda channel. `url` has no credentials; `size` is in bytes.

    `noarch` is None for a package of one platform. `site_packages` is where noarch packages go,
    which newer packages of Python say of themselves.
    """

    name: str
    version: str
    build: str
    build_number: int
    subdir: str
    url: str
    sha256: str
    size: int
    noarch: Noarch | None = None
    depends: tuple[str, ...] = ()
    site_packages: str | None = None

    @property
    def file_name(self) -> str:
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class PipPackage:
    """One distribution file. `location` is a URL without credentials, or a path relative to the
    folder of the requirement lines. `source` says that it is a source distribution; `size` is in
    bytes, 0 where no index told it.
    """

    name: str
    version: str
    location: str
    sha256: str
    size: int = 0
    source: bool = False

    @property
    def is_local(self) -> bool:
        return "://" not in self.location


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentLock:
    """`python` is the version that it is for: exact (`3.8.18`) where it comes from conda.

    `platform` is conda's name of it (`linux-64`). `conda` is empty where the interpreter is not of
    conda. Both parts are sorted by name.
    """

    python: str
    platform: str
    conda: tuple[CondaPackage, ...] = ()
    pip: tuple[PipPackage, ...] = ()

    @property
    def python_minor(self) -> str:
        return ".".join(self.python.split(".")[:2])

    @property
    def digest(self) -> str:
        """Names the content: the same files on the same platform have the same digest."""
        hashes = [*(each.sha256 for each in self.conda), *(each.sha256 for each in self.pip)]
        files = [self.python, self.platform, *hashes]
        return hashlib.sha256("\n".join(files).encode()).hexdigest()


def differences(before: EnvironmentLock, after: EnvironmentLock) -> Iterator[str]:
    """A line for each package that is added, removed or another one, as `diff` marks them."""
    old, new = _versions(before), _versions(after)
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        if was:
            yield f"- {name} {was}"
        if now:
            yield f"+ {name} {now}"


def _versions(lock: EnvironmentLock) -> Mapping[str, str]:
    python = {"python": lock.python}
    conda = {f"{each.name} (conda)": f"{each.version} {each.build}" for each in lock.conda}
    pip = {each.name: f"{each.version} {each.sha256[:12]}" for each in lock.pip}
    return {**python, **conda, **pip}


def conda_to_json(package: CondaPackage) -> dict[str, Any]:
    fields = {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "build_number": package.build_number,
        "subdir": package.subdir,
        "url": package.url,
        "sha256": package.sha256,
        "size": package.size,
        "noarch": package.noarch,
        "depends": list(package.depends),
        "site_packages": package.site_packages,
    }
    return {key: value for key, value in fields.items() if value not in (None, [])}


def conda_from_json(fields: Mapping[str, Any]) -> CondaPackage:
    """Raises KeyError and TypeError for what `conda_to_json` did not write."""
    return CondaPackage(**{**fields, "depends": tuple(fields.get("depends", ()))})
