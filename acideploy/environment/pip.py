"""The pip part of an environment, resolved and installed by uv for the platform of images."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from acideploy.code import content_digest
from acideploy.environment.interpreter import installed_interpreter
from acideploy.environment.lock import PipPackage
from acideploy.environment.lock_file import read_pylock, write_pylock
from acideploy.environment.platforms import Platform
from acideploy.environment.uv import UvFailed, run_uv
from acideploy.environment.wheels import wheel_tags
from acideploy.errors import DependencyError
from acideploy.events import Emit, ignore
from acideploy.serving import overrides


def resolve(
    lines: Sequence[str],
    *,
    constraints: Sequence[str] = (),
    python: str,
    files_for: Sequence[str],
    directory: Path,
    scratch: Path,
    wheels_only: bool,
    more: Sequence[str] = (),
    emit: Emit = ignore,
) -> tuple[PipPackage, ...]:
    """What the requirement `lines` come to for `python` (`3.8` or `3.8.18`), sorted by name.

    `files_for` is what `platform_arguments` says, and `more` are further arguments of uv's.
    Relative paths are relative to `directory`. Raises UvFailed with what uv says, and
    DependencyError for what no hash can name.
    """
    limits = scratch / "constraints.txt"
    limits.write_text("\n".join(constraints) + "\n", encoding="utf-8")
    command = ["pip", "compile", "-", "--format", "pylock.toml", "--no-header", "--quiet"]
    command += ["--constraints", str(limits), *overrides(python), *files_for]
    if wheels_only:
        command += ["--only-binary", ":all:"]
    command += more
    output = run_uv(command, directory=directory, sent="\n".join(lines) + "\n", emit=emit)
    found = [_with_hash(each, directory) for each in read_pylock(output, python=python)]
    return tuple(sorted(found, key=lambda package: package.name))


def only_sources(names: Iterable[str]) -> list[str]:
    """For uv: what to take from sources, where all else comes from wheels."""
    return [word for name in sorted(names) for word in ("--no-binary", name)]


def platform_arguments(python: str, platform: Platform) -> list[str]:
    """For uv: the Python and the platform to choose files for, whatever this machine has."""
    builder = installed_interpreter(python)
    arguments = ["--python-version", python, "--python", str(builder or sys.executable)]
    return [*arguments, "--python-platform", platform.uv] if platform.uv else arguments


def install_packages(
    packages: Sequence[PipPackage],
    arguments: Sequence[str],
    *,
    options: Sequence[str],
    python: str,
    directory: Path,
    scratch: Path,
    emit: Emit = ignore,
) -> None:
    """Installs just these files, their hashes checked; `arguments` say where.

    `options` are the requirement lines that are options, such as `--index-url` with a password.
    Raises UvFailed.
    """
    lock = scratch / "pylock.toml"
    lock.write_text(write_pylock(packages, python=python, directory=directory), encoding="utf-8")
    given = [word for option in options for word in option.split(None, 1)]
    command = ["pip", "install", "--no-deps", *arguments, *given, "--requirements", str(lock)]
    run_uv(command, directory=directory, emit=emit)


def require_pure(
    package: PipPackage,
    *,
    options: Sequence[str],
    python: str,
    platform: Platform,
    directory: Path,
    scratch: Path,
    emit: Emit = ignore,
) -> None:
    """Builds a source distribution, to see that nothing in it is compiled.

    Raises DependencyError for one that cannot be built here, or that would be for this machine.
    """
    folder = scratch / f"built-{package.name}"
    try:
        install_packages(
            [package],
            ["--target", str(folder), *platform_arguments(python, platform)],
            options=options,
            python=python,
            directory=directory,
            scratch=scratch,
            emit=emit,
        )
    except UvFailed as error:
        raise _needs_build(package, python, error.output) from error
    if any(not tag.endswith("-none-any") for tag in wheel_tags(folder)):
        raise _needs_build(package, python, "it has parts that are compiled")


def _needs_build(package: PipPackage, python: str, detail: str) -> DependencyError:
    return DependencyError(
        f"{package.name} {package.version}".rstrip()
        + " has no wheel for this Python, and would have to be compiled in the image",
        detail=detail,
        hint=f"choose a version of {package.name} that has a wheel; or make one with a container "
        f'engine, `docker run --rm -v "$PWD":/here -w /here python:{python} pip wheel --no-deps '
        f"{package.name}=={package.version}`, and write ./NAME.whl instead; or have a registry "
        "build the image (`az acr build`), and name it as baseImage with userManagedDependencies",
    )


def _with_hash(package: PipPackage, directory: Path) -> PipPackage:
    if package.sha256:
        return package
    return replace(package, sha256=content_digest(directory / package.location))
