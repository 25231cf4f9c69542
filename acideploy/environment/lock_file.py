"""A lock as a file: a pylock.toml, with what is of conda in a table of ours.

pip and uv install the pip part of it. https://peps.python.org/pep-0751/
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from acideploy.disk import storage_error
from acideploy.environment.lock import (
    EnvironmentLock,
    PipPackage,
    conda_from_json,
    conda_to_json,
)
from acideploy.environment.wheels import best_wheel
from acideploy.errors import DependencyError

_ARCHIVES = (".tar.gz", ".zip", ".tar.bz2", ".tgz")


def write_lock(lock: EnvironmentLock) -> str:
    """The file's text."""
    ours: dict[str, Any] = {"python": lock.python, "platform": lock.platform}
    if lock.conda:
        ours["conda"] = [conda_to_json(each) for each in lock.conda]
    return _toml({**_pylock(lock.pip, lock.python), "tool": {"acideploy": ours}})


def write_pylock(packages: Sequence[PipPackage], *, python: str, directory: Path) -> str:
    """The text of a pylock.toml of these packages alone, for an installer to read anywhere.

    Relative paths are relative to `directory`.
    """
    fields = _pylock(packages, python)
    for package in fields["packages"]:
        for file in (package.get("archive"), package.get("directory")):
            if file and "path" in file:
                file["path"] = str(directory / file["path"])
    return _toml(fields)


def read_lock_file(path: Path) -> EnvironmentLock:
    """Raises DependencyError for a file that is no lock, and StorageError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise storage_error("read", path, error) from error
    try:
        return read_lock(text)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DependencyError(
            f"{path} is not a lock that acideploy wrote",
            detail=f"{type(error).__name__}: {error}",
            hint="write it anew with `acideploy environment lock`",
        ) from error


def read_lock(text: str) -> EnvironmentLock:
    """What `write_lock` wrote.

    Raises ValueError, KeyError, TypeError or AttributeError for another text.
    """
    fields = _parsed(text)
    ours = fields["tool"]["acideploy"]
    python = str(ours["python"])
    return EnvironmentLock(
        python=python,
        platform=ours["platform"],
        conda=tuple(conda_from_json(each) for each in ours.get("conda", ())),
        pip=tuple(read_package(each, python=python) for each in fields["packages"]),
    )


def read_pylock(text: str, *, python: str) -> Iterator[PipPackage]:
    """The packages of uv's pylock.toml. Raises DependencyError for one that has no file."""
    for fields in _parsed(text).get("packages", ()):
        yield read_package(fields, python=python)


def read_package(fields: Mapping[str, Any], *, python: str) -> PipPackage:
    """One package of a pylock.toml: the wheel that fits best, else the source.

    A folder is its own source, whose hash is to be found. Raises KeyError and TypeError for what
    is not in PEP 751's form, and DependencyError for what is no file.
    """
    name, version = fields["name"], fields.get("version", "")
    if wheels := {_name(each): each for each in fields.get("wheels", ())}:
        return _file(name, version, wheels[best_wheel(list(wheels), python=python)])
    if archive := fields.get("archive"):
        return _file(name, version, archive, source=not _name(archive).endswith(".whl"))
    if source := fields.get("sdist"):
        return _file(name, version, source, source=True)
    if (folder := fields.get("directory")) and not folder.get("editable"):
        known = fields.get("tool", {}).get("acideploy", {}).get("sha256", "")
        return PipPackage(
            name=name, version=version, location=folder["path"], sha256=known, source=True
        )
    kind = "an editable install" if "directory" in fields else "kept in a version control system"
    raise DependencyError(
        f"{name} is {kind}: no hash can tell later that it is the same",
        hint=f"build a wheel of {name}, put it beside the conda file and name that",
    )


def without_login(url: str) -> str:
    """The URL with no user and no password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _file(name: str, version: str, file: Mapping[str, Any], *, source: bool = False) -> PipPackage:
    location = file.get("path") or file["url"]
    if location.startswith("file://"):
        location = unquote(urlsplit(location).path)
    return PipPackage(
        name=name,
        version=version or _version(_name(file)),
        location=without_login(location) if "://" in location else location,
        sha256=file["hashes"]["sha256"],
        size=file.get("size", 0),
        source=source,
    )


def _pylock(packages: Sequence[PipPackage], python: str) -> dict[str, Any]:
    minor = ".".join(python.split(".")[:2])
    return {
        "lock-version": "1.0",
        "requires-python": f">={minor}",
        "created-by": "acideploy",
        "packages": [_package(each) for each in packages],
    }


def _package(package: PipPackage) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": package.name}
    if package.version:
        entry["version"] = package.version
    if package.source and package.is_local and not package.location.endswith(_ARCHIVES):
        ours = {"acideploy": {"sha256": package.sha256}}
        return {**entry, "directory": {"path": package.location}, "tool": ours}
    file: dict[str, Any] = {("path" if package.is_local else "url"): package.location}
    if package.size:
        file["size"] = package.size
    file["hashes"] = {"sha256": package.sha256}
    if package.is_local:
        return {**entry, "archive": file}
    return {**entry, "sdist": file} if package.source else {**entry, "wheels": [file]}


def _name(file: Mapping[str, Any]) -> str:
    """A file's own name."""
    if given := file.get("name"):
        return str(given)
    return PurePosixPath(unquote(urlsplit(file.get("url") or file["path"]).path)).name


def _version(file_name: str) -> str:
    """From the name of a wheel or a source distribution."""
    parts = file_name.partition(".tar.")[0].removesuffix(".zip").split("-")
    return parts[1] if len(parts) > 1 else ""


def _parsed(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    fields: dict[str, Any] = tomllib.loads(text)
    return fields


def _toml(fields: Mapping[str, Any]) -> str:
    import tomli_w

    return tomli_w.dumps(fields)
