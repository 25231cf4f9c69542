"""The packages of a lock, installed for an image, to be split into layers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from acideploy.clock import Clock
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
    clock: Clock,
    emit: Emit,
) -> Mapping[str, list[Entry]]:
    """The files of each group that is wanted, by its key.

    `python` is the interpreter in the image; `scratch` is a folder to write to, where the files
    are. Raises DependencyError.
    """
    conda = [package for group in wanted.values() for package in group.conda]
    pip = [package for group in wanted.values() for package in group.pip]
    linked = _link(conda, lock, request, scratch / "conda", clock, emit) if conda else {}
    installed = _install(pip, lock, request, python, scratch, emit) if pip else {}
    return {
        key: [
            *(entry for package in group.conda for entry in linked[package.name]),
            *(entry for package in group.pip for entry in installed[package.name]),
        ]
        for key, group in wanted.items()
    }


def _link(
    packages: list[CondaPackage],
    lock: EnvironmentLock,
    request: EnvironmentRequest,
    folder: Path,
    clock: Clock,
    emit: Emit,
) -> Mapping[str, list[Entry]]:
    from acideploy.environment.conda_prefix import link

    channels = request.conda.channels if request.conda else ()
    python = next((each for each in lock.conda if each.name == "python"), None)
    link(
        packages,
        folder,
        python=python,
        platform=IMAGE,
        prefix=ENVIRONMENT,
        channels=channels,
        clock=clock,
        emit=emit,
    )
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
