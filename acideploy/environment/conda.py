"""The conda part of an environment, solved by rattler for any platform on any machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from acideploy.environment.channels import without_login
from acideploy.environment.lock import CondaPackage, Noarch
from acideploy.environment.platforms import Platform
from acideploy.errors import DependencyError

if TYPE_CHECKING:
    from rattler import (
        Client,
        GenericVirtualPackage,
        RepoDataRecord,
        VirtualPackage,
    )


class CondaFailed(Exception):
    """There is no set of packages; `explanation` is the solver's."""

    def __init__(self, explanation: str) -> None:
        super().__init__(explanation)
        self.explanation = explanation


class ChannelUnread(Exception):
    """A channel cannot be read; `error` is what to tell of it."""

    def __init__(self, error: DependencyError) -> None:
        super().__init__(error.message)
        self.error = error


def solve(
    specs: Sequence[str], channels: Sequence[str], *, platform: Platform, lowest: bool = False
) -> tuple[CondaPackage, ...]:
    """The packages that the `specs` come to, sorted by name: the newest, or with `lowest` the
    oldest of those that `specs` name.

    `channels` are URLs in the order of their priority, which is conda's `flexible`. Raises
    CondaFailed and ChannelUnread.
    """
    import rattler
    from rattler.exceptions import FetchRepoDataError, GatewayError, SolverError

    async def run() -> list[RepoDataRecord]:
        return await rattler.solve(
            sources=channels,
            specs=[rattler.MatchSpec(spec) for spec in specs],
            gateway=rattler.Gateway(client=client()),
            platforms=[rattler.Subdir(platform.subdir), rattler.Subdir("noarch")],
            virtual_packages=_virtual_packages(platform),
            channel_priority=rattler.ChannelPriority.Flexible,
            strategy="lowest-direct" if lowest else "highest",
        )

    try:
        found = asyncio.run(run())
    except SolverError as error:
        raise CondaFailed(str(error)) from error
    except (GatewayError, FetchRepoDataError) as error:
        raise ChannelUnread(_unreachable(str(error), channels)) from error
    return tuple(sorted(map(_package, found), key=lambda package: package.name))


def is_spec(text: str) -> bool:
    """Whether conda can read a dependency."""
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    try:
        MatchSpec(text)
    except InvalidMatchSpecError:
        return False
    return True


def client() -> Client:
    """With the logins that conda's tools keep: rattler's, and those in URLs."""
    from rattler import Client

    return Client.default_client()


def _virtual_packages(platform: Platform) -> list[GenericVirtualPackage | VirtualPackage]:
    """What the platform has; a container, whatever this machine is.

    https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-virtual.html
    """
    from rattler import BuildString, GenericVirtualPackage, PackageName, Version, VirtualPackage

    if platform.glibc is None:
        return [*VirtualPackage.detect()]
    return [
        GenericVirtualPackage(PackageName(name), Version(version), BuildString(build))
        for name, version, build in (
            ("__unix", "0", "0"),
            ("__linux", "5.15", "0"),
            ("__glibc", platform.glibc, "0"),
            ("__archspec", "1", "x86_64"),
        )
    ]


def _package(record: RepoDataRecord) -> CondaPackage:
    if not record.sha256:
        raise DependencyError(
            f"{record.name.source} of the channel {record.channel} has no sha256",
            hint="have the channel indexed anew, with hashes",
        )
    noarch: Noarch | None = None
    if record.noarch.python:
        noarch = "python"
    elif record.noarch.generic:
        noarch = "generic"
    return CondaPackage(
        name=record.name.normalized,
        version=str(record.version),
        build=str(record.build),
        build_number=record.build_number,
        subdir=record.subdir,
        url=without_login(record.url),
        sha256=record.sha256.hex(),
        size=record.size or 0,
        noarch=noarch,
        depends=tuple(record.depends),
        site_packages=record.python_site_packages_path,
    )


def _unreachable(message: str, channels: Sequence[str]) -> DependencyError:
    told, plain = without_login(message), [without_login(channel) for channel in channels]
    named = [channel for channel in plain if channel in told]
    return DependencyError(
        f"the conda channel {named[0] if named else ', '.join(plain)} cannot be read",
        detail=told,
        hint="check its name and the network; `--no-conda` takes conda packages from PyPI, and the "
        "interpreter from the base image",
    )
