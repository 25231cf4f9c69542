"""Prefixes that rattler itself solves and links, with none of acideploy in between."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rattler import (
    BuildString,
    Client,
    Gateway,
    GenericVirtualPackage,
    PackageName,
    RepoDataRecord,
    Version,
    install,
    solve,
)

GLIBC = GenericVirtualPackage(PackageName("__glibc"), Version("2.36"), BuildString("0"))


def solve_packages(urls: Sequence[str], *specs: str, cache: Path) -> list[RepoDataRecord]:
    """The packages that fulfil these specs, of channels of which the first goes before the next.

    Raises SolverError and GatewayError of rattler.
    """
    gateway = Gateway(cache_dir=cache, client=Client.default_client(max_retries=0))
    records = solve(
        sources=urls,
        specs=specs,
        gateway=gateway,
        platforms=["linux-64", "noarch"],
        virtual_packages=[GLIBC],
    )
    return asyncio.run(records)


def link_packages(
    records: list[RepoDataRecord], prefix: Path, *, cache: Path, said_prefix: str | None = None
) -> None:
    """Links the packages to a prefix, whose files say that they are in another if one is given."""
    linked = install(
        records,
        target_prefix=prefix,
        cache_dir=cache,
        show_progress=False,
        alternative_target_prefix=said_prefix,
    )
    asyncio.run(linked)


def run_in_prefix(prefix: Path, program: str, *arguments: str) -> str:
    """What a program of the prefix prints, without any environment variable."""
    command = [str(prefix / "bin" / program), *arguments]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
