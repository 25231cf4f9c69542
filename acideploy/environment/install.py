"""The packages of a lock, installed for an image, to be split into layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from acideploy.environment.groups import Group
from acideploy.environment.installed import conda_files, pip_files
from acideploy.environment.lock import CondaPackage, EnvironmentLock, PipPackage
from acideploy.environment.pip import install_packages, platform_arguments
from acideploy.environment.platforms import IMAGE
from acideploy.environment.request import EnvironmentRequest
from acideploy.environment.uv import UvFailed
from acideploy.errors import DependencyError
from acideploy.events import Emit
from acideploy.image.contents import ENVIRONMENT, PACKAGES
from acideploy.image.layer import Entry


def install_groups(
    wanted: Mapping[str, Group],
    lock: EnvironmentLock,
    request: EnvironmentRequest,
    *,
    python: str,
    scratch: Path,
    emit: Emit,
) -> Iterator[tuple[str, list[Entry]]]:
    """The files of each group that is wanted, by its key, which are there until the next `next`.

    `python` is the interpreter in the image; `scratch` is a folder to write to. Raises
    DependencyError.
    """
    conda = [package for group in wanted.values() for package in group.conda]
    pip = [package for group in wanted.values() for package in group.pip]
    linked = _link(conda, lock, request, scratch / "conda") if conda else {}
    installed = _install(pip, lock, request, python, scratch, emit) if pip else {}
    for key, group in wanted.items():
        entries = [entry for package in group.conda for entry in linked[package.name]]
        entries += [entry for package in group.pip for entry in installed[package.name]]
        yield key, entries


def _link(
    packages: list[CondaPackage],
    lock: EnvironmentLock,
    request: EnvironmentRequest,
    folder: Path,
) -> Mapping[str, list[Entry]]:
    from acideploy.environment.conda import link

    channels = request.conda.channels if request.conda else ()
    python = next((each for each in lock.conda if each.name == "python"), None)
    link(packages, folder, python=python, platform=IMAGE, prefix=ENVIRONMENT, channels=channels)
    return conda_files(folder, prefix=ENVIRONMENT)


def _install(
    packages: list[PipPackage],
    lock: EnvironmentLock,
    request: EnvironmentRequest,
    python: str,
    scratch: Path,
    emit: Emit,
) -> Mapping[str, list[Entry]]:
    folder = scratch / "packages"
    try:
        install_packages(
            packages,
            ["--target", str(folder), *platform_arguments(lock.python, IMAGE)],
            options=request.options,
            python=lock.python,
            directory=request.directory,
            scratch=scratch,
            emit=emit,
        )
    except UvFailed as error:
        raise DependencyError(
            "the packages of the lock cannot be installed",
            detail=error.output,
            hint="check the network, or write the lock anew with `acideploy environment lock`",
        ) from error
    return pip_files(folder, place=PACKAGES, python=python)
