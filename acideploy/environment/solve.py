"""From a request to a lock: conda first, then pip for the Python and the packages that gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from acideploy.environment.conda_part import CondaPart
from acideploy.environment.explain import no_conda_set, not_in_lock
from acideploy.environment.lock import CondaPackage, EnvironmentLock, PipPackage
from acideploy.environment.names import pypi_name
from acideploy.environment.pip_lines import allows, parsed
from acideploy.environment.pip_solver import PipSolver
from acideploy.environment.platforms import Platform
from acideploy.environment.request import EnvironmentRequest
from acideploy.errors import DependencyError
from acideploy.events import Emit, ignore


def solve(
    request: EnvironmentRequest,
    *,
    platform: Platform,
    scratch: Path,
    emit: Emit = ignore,
    explain: bool = True,
) -> EnvironmentLock:
    """The lock that was given, or else one of what is newest now.

    `scratch` is a folder to write to; `explain` has a failure say what would work. Raises
    DependencyError.
    """
    if request.lock:
        _require_fitting(request.lock, request, platform)
        return request.lock
    conda = _solve_conda(request, platform)
    python = next((each.version for each in conda if each.name == "python"), request.python)
    pip = solve_pip(
        request, python, conda, platform=platform, scratch=scratch, emit=emit, explain=explain
    )
    return EnvironmentLock(python=python, platform=platform.subdir, conda=conda, pip=pip)


def _solve_conda(request: EnvironmentRequest, platform: Platform) -> tuple[CondaPackage, ...]:
    if request.conda is None:
        return ()
    # Eighty megabytes of a library, for who needs it.
    from acideploy.environment.conda import ChannelUnread, CondaFailed, is_spec
    from acideploy.environment.conda import solve as solve_conda

    _require_specs(request.conda, is_spec)
    try:
        return solve_conda(request.conda.specs, request.conda.channels, platform=platform)
    except CondaFailed as error:
        raise no_conda_set(request, error.explanation) from error
    except ChannelUnread as error:
        raise error.error from error


def solve_pip(
    request: EnvironmentRequest,
    python: str,
    conda: Sequence[CondaPackage],
    *,
    platform: Platform,
    scratch: Path,
    emit: Emit,
    explain: bool = True,
) -> tuple[PipPackage, ...]:
    """What pip adds to the conda packages. `explain` has a failure say what would work."""
    given = tuple(_given_by_conda(conda))
    pip = PipSolver(
        request, python=python, platform=platform, scratch=scratch, emit=emit, explain=explain
    )
    found = pip.first_of(
        ("wheels", (*request.stack.constraints, *given)),
        ("wheels", given),
        ("wheels", ()),
        ("few sources", given),
        ("few sources", ()),
        ("any", given),
        ("any", ()),
    )
    return tuple(each for each in found if f"{each.name}=={each.version}" not in given)


def _given_by_conda(conda: Sequence[CondaPackage]) -> Iterator[str]:
    """What pip finds installed already, as it writes it: `numpy==1.18.5`."""
    for package in conda:
        name = pypi_name(package.name)
        if name and any(each.split()[0] == "python" for each in package.depends):
            try:
                yield f"{canonicalize_name(name)}=={Version(package.version)}"
            except InvalidVersion:
                continue


def _require_specs(part: CondaPart, is_spec: Callable[[str], bool]) -> None:
    for origin in part.origins:
        if not is_spec(origin.text):
            raise DependencyError(
                f"{origin.text!r} is not a dependency that conda can read",
                place=origin.place,
                hint="write it as `name=version`, such as numpy=1.26",
            )


def _require_fitting(
    lock: EnvironmentLock, request: EnvironmentRequest, platform: Platform
) -> None:
    """Raises DependencyError where the user's lines ask for what the lock does not have."""
    if lock.platform != platform.subdir:
        raise DependencyError(f"the lock is for {lock.platform}, not {platform.subdir}")
    if request.conda and not lock.conda:
        raise DependencyError(
            "the lock has no conda packages, and the environment needs them",
            hint="write the lock anew with `acideploy environment lock`",
        )
    if lock.python_minor != request.python:
        raise DependencyError(
            f"the lock is for Python {lock.python}, not {request.python}",
            hint="write the lock anew with `acideploy environment lock`",
        )
    versions = {each.name: each.version for each in lock.pip}
    versions |= dict(line.split("==") for line in _given_by_conda(lock.conda))
    for name, origin in request.origins:
        wanted, version = parsed(origin.text), versions.get(name)
        if wanted is None:
            continue
        # A folder has no version.
        if version is None or (wanted.specifier and not allows(origin.text, version)):
            raise not_in_lock(origin, version and f"{name} {version}")
