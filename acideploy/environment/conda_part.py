"""What of an environment comes from conda channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acideploy.config.values import CondaEnvironment, Requirement
from acideploy.environment.channels import CondaSettings, channel_url, channel_urls
from acideploy.environment.conda_spec import parse_conda_spec

# pip's packages are installed from outside, so that an image needs none of these.
_INSTALLERS = frozenset({"pip", "setuptools", "wheel"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaPart:
    """`channels` are URLs in the order of their priority, with the logins that were written in
    them. `specs` are conda's; `origins` are the lines that asked for them."""

    channels: tuple[str, ...]
    specs: tuple[str, ...]
    origins: tuple[Requirement, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What `from_json` makes the same of; places are left out."""
        return {"channels": list(self.channels), "specs": list(self.specs)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> CondaPart:
        return cls(channels=tuple(fields["channels"]), specs=tuple(fields["specs"]))


def conda_part(
    conda: CondaEnvironment | None,
    *,
    python: str | None,
    settings: CondaSettings,
    directory: Path,
    always: bool,
) -> CondaPart | None:
    """The part of a conda file that conda has to give; None where nothing but Python is asked for.

    `python` (`3.8`) is the version to take where the file's does not count. `always` takes the
    interpreter from conda, too, where nothing else is. Paths are relative to `directory`.
    """
    packages = conda.packages if conda else ()
    if not always and not has_packages(packages):
        return None
    asked = None if python else conda and conda.python
    interpreter = asked.text if asked else f"python={python}"
    specs = [interpreter, *(each.text for each in packages)]
    return CondaPart(
        channels=channel_urls(conda.channels if conda else (), settings, directory=directory),
        specs=tuple(_with_channel(spec, settings, directory) for spec in specs),
        origins=(*([asked] if asked else []), *packages),
    )


def has_packages(packages: Sequence[Requirement]) -> bool:
    """Whether there is more than what installs packages."""
    specs = (parse_conda_spec(each.text) for each in packages)
    return any(spec is None or spec.name.lower() not in _INSTALLERS for spec in specs)


def _with_channel(spec: str, settings: CondaSettings, directory: Path) -> str:
    """`conda-forge::numpy` with the channel's URL, which a mirror may have moved."""
    channel, separator, rest = spec.partition("::")
    if not separator:
        return spec
    return f"{next(channel_url(channel, settings, directory=directory))}::{rest}"
