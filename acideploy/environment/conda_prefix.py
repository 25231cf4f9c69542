"""Conda packages in a prefix: linked by rattler as they have to be where they will be used.

Nothing of the packages is run, so a prefix for Linux can be made on any machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from acideploy.clock import Clock
from acideploy.environment.channels import without_login
from acideploy.environment.conda import client
from acideploy.environment.lock import CondaPackage
from acideploy.environment.platforms import Platform
from acideploy.errors import DependencyError
from acideploy.events import Emit, one_at_a_time
from acideploy.progress import Progress, progress

if TYPE_CHECKING:
    from rattler import InstallerReporter, RepoDataRecord


def link(
    packages: Sequence[CondaPackage],
    folder: Path,
    *,
    python: CondaPackage | None,
    platform: Platform,
    prefix: str,
    channels: Sequence[str],
    clock: Clock,
    emit: Emit,
) -> None:
    """Downloads the packages and links them into `folder`, as they have to be in `prefix`.

    `python` tells where noarch packages go, and is itself linked only as one of the packages.
    `channels` are those of the solve: their logins are used for the downloads. Raises
    DependencyError.
    """
    import rattler
    from rattler.exceptions import InstallerError

    told_only = [python] if python and python not in packages else []
    records = [_record(package, channels) for package in (*packages, *told_only)]

    async def run(advance: Progress) -> None:
        await rattler.install(
            records,
            ignored_packages={each.name for each in told_only},
            target_prefix=folder,
            alternative_target_prefix=prefix,
            platform=rattler.Subdir(platform.subdir),
            client=client(),
            reporter=_counting(advance),
            execute_link_scripts=False,
        )

    size = sum(each.size for each in packages)
    title = f"Download {len(packages)} conda packages"
    tell = one_at_a_time(emit)
    try:
        with progress("conda", title, total=size, clock=clock, emit=tell) as advance:
            advance.outcome, advance.detail = "reused", "on this machine already"
            asyncio.run(run(advance))
    except (InstallerError, OSError) as error:
        raise DependencyError(
            "the conda packages cannot be downloaded",
            detail=without_login(str(error)),
            hint="check the network, and run the same command again",
        ) from error


def _counting(advance: Progress) -> InstallerReporter:
    """Counts the bytes of packages that are not on this machine yet; asked by other threads."""
    from rattler import InstallerReporter

    class Counting(InstallerReporter):
        def __init__(self) -> None:
            self._done: dict[int, int] = {}

        def on_download_start(self, cache_entry: int) -> int:
            advance.outcome, advance.detail = "done", ""
            self._done[cache_entry] = 0
            return cache_entry

        def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
            advance(progress - self._done[download_idx])
            self._done[download_idx] = progress

    # Its other methods have nothing to do.
    return Counting()  # type: ignore[abstract]


def _record(package: CondaPackage, channels: Sequence[str]) -> RepoDataRecord:
    from rattler import BuildString, NoArchType, PackageRecord, RepoDataRecord

    record = PackageRecord(
        name=package.name,
        version=package.version,
        build=BuildString(package.build),
        build_number=package.build_number,
        subdir=package.subdir,
        noarch=NoArchType(package.noarch),
        depends=list(package.depends),
        sha256=bytes.fromhex(package.sha256),
        size=package.size,
        python_site_packages_path=package.site_packages,
    )
    channel = package.url.rpartition(f"/{package.subdir}/")[0]
    return RepoDataRecord(record, package.file_name, _with_login(package.url, channels), channel)


def _with_login(url: str, channels: Sequence[str]) -> str:
    """The URL as its channel was asked for it."""
    for channel in channels:
        plain = without_login(f"{channel}/").rstrip("/")
        if url.startswith(f"{plain}/"):
            return channel + url.removeprefix(plain)
    return url
