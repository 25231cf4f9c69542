"""Conda channels as people write them, and what conda's own configuration says of them.

https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/settings.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acideploy.disk import storage_error
from acideploy.errors import DependencyError

_ALIAS = "https://conda.anaconda.org"
_DEFAULTS = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")
# Open to everybody, and the newest builds. conda's own `defaults` ask companies for a licence.
_FALLBACK = ("conda-forge",)
_URL = re.compile(r"(?:https?|file|s3|gcs|oci)://")
_SUBDIR = re.compile(r"/(?:noarch|(?:linux|osx|win)-\w+)$")
# The page of a channel, whose packages are elsewhere.
_PAGE = re.compile(r"(?:https?://)?(?:www\.)?anaconda\.org/(?P<channel>[\w.-]+)(?:/repo)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaSettings:
    """What `.condarc` and the `CONDA_...` variables say. `channels` are asked after those of a
    file, `custom` gives channels of a name their place."""

    alias: str = _ALIAS
    channels: tuple[str, ...] = _FALLBACK
    defaults: tuple[str, ...] = _DEFAULTS
    custom: Mapping[str, str] = field(default_factory=dict)


def read_conda_settings(environ: Mapping[str, str], *, home: Path) -> CondaSettings:
    """From `$CONDARC`, else `~/.condarc`, with the variables going before. Raises StorageError."""
    path = Path(environ.get("CONDARC") or home / ".condarc")
    given = _read(path)

    def names(key: str, fallback: tuple[str, ...]) -> tuple[str, ...]:
        if written := environ.get(f"CONDA_{key.upper()}"):
            return tuple(each.strip() for each in written.split(",") if each.strip())
        value = given.get(key)
        values = [value] if isinstance(value, str) else value or ()
        return tuple(str(each) for each in values) or fallback

    alias = environ.get("CONDA_CHANNEL_ALIAS") or given.get("channel_alias") or _ALIAS
    custom = given.get("custom_channels")
    custom = custom if isinstance(custom, Mapping) else {}
    return CondaSettings(
        alias=str(alias).rstrip("/"),
        channels=names("channels", _FALLBACK),
        defaults=names("default_channels", _DEFAULTS),
        custom={str(name): str(place).rstrip("/") for name, place in custom.items()},
    )


def channel_urls(
    written: Sequence[str], settings: CondaSettings, *, directory: Path
) -> tuple[str, ...]:
    """The URLs of the channels, in their order, each once; then the configured ones, as conda asks
    them. `nodefaults` leaves those out. Paths are relative to `directory`.
    """
    names = [name.strip() for name in written if name.strip()]
    if "nodefaults" not in names:
        names += settings.channels
    urls = (
        url
        for name in names
        if name != "nodefaults"
        for url in channel_url(name, settings, directory=directory)
    )
    return tuple(dict.fromkeys(urls))


def channel_url(name: str, settings: CondaSettings, *, directory: Path) -> Iterator[str]:
    """The URL of one channel; `defaults` are several."""
    name = _SUBDIR.sub("", name.strip().rstrip("/"))
    if page := _PAGE.fullmatch(name):
        name = page["channel"]
    if _URL.match(name):
        yield name
    elif name.startswith(("/", "./", "../", "~")) or name in (".", ".."):
        yield Path(os.path.abspath(directory / Path(name).expanduser())).as_uri()
    elif name.lower() == "defaults":
        for each in settings.defaults:
            yield each.rstrip("/") if _URL.match(each) else f"{settings.alias}/{each}"
    else:
        # Channels on the server have lower case; files have `Conda-Forge`.
        first, _, rest = name.partition("/")
        first = first if first in settings.custom else first.lower()
        name = f"{first}/{rest}" if rest else first
        yield f"{settings.custom.get(first, settings.alias)}/{name}"


def without_login(url: str) -> str:
    """The URL of a channel, or a text with several, with no user, no password and no token.

    https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/custom-channels.html
    """
    return re.sub(r"(?<=://)[^/@\s]*@", "", re.sub(r"/t/[^/\s]+(?=/)", "", url))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise storage_error("read", path, error) from error
    # Few have the file.
    import yaml

    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DependencyError(f"{path} is not YAML", detail=str(error)) from error
    return given if isinstance(given, Mapping) else {}
