"""The pip lines of a conda file, and of its conda packages what pip can give."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from acideploy.config.problem import Problem, Severity
from acideploy.config.values import CondaEnvironment, Requirement
from acideploy.environment.conda_spec import parse_conda_spec, pip_specifier
from acideploy.environment.names import is_only_conda, pypi_name
from acideploy.errors import DependencyError

if TYPE_CHECKING:
    from packaging.requirements import Requirement as PipRequirement

# Stands for "the serving stack" in a conda file, and is replaced by the pinned one.
SERVING_PLACEHOLDER = "azureml-defaults"

# What pip takes besides a name: an option, a URL, a path.
_OPTION_OR_PATH = re.compile(r"\s*(-|[\w+]+://|\.|/|~)|.*(/|\\|\.whl|\.tar\.gz|\.zip)")

# What has no hash, and is another thing tomorrow: a branch, a folder that is worked on.
_MOVING = re.compile(r"\s*((-e|--editable)\b|([\w.-]+\s*@\s*)?(git|hg|svn|bzr)\+)")
_INDEX_OPTION = re.compile(
    r"\s*(-i|-f|--(extra-)?index-url|--find-links|--no-index|--trusted-host)\b"
)

# A name, or a name at a version. https://peps.python.org/pep-0508/#names
_PLAIN = re.compile(r"(?P<name>[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?)(==\d[\w.]*)?", re.ASCII)

# Every environment has a way to install packages: nothing to tell.
_INSTALLERS = frozenset({"pip", "setuptools", "wheel"})


def asks_for_azureml(conda: CondaEnvironment) -> bool:
    """Whether `azureml-defaults` is among the pip requirements."""
    return any(distribution(each.text) == SERVING_PLACEHOLDER for each in conda.pip)


def pip_lines(
    conda: CondaEnvironment, *, full_azureml: bool, with_conda: bool, where: str
) -> tuple[list[str], list[tuple[str, Requirement]], list[Problem]]:
    """The lines, the origin of each distribution that they name, and what to tell the user.

    `with_conda` leaves the conda packages to conda. `where` is what the packages are for: "a local
    process". Raises DependencyError for packages that only conda has.
    """
    lines: list[tuple[str, Requirement]] = []
    problems: list[Problem] = []
    if not with_conda:
        _refuse_only_conda(conda.packages, where)
        lines, problems = _from_conda(conda.packages, where)
    for requirement in conda.pip:
        name = distribution(requirement.text)
        if moving := _MOVING.match(requirement.text):
            problems.append(_moves(requirement, moving[0]))
        elif name is None and not _OPTION_OR_PATH.match(requirement.text):
            message = f"{requirement.text!r} is not a requirement that pip can read"
            problems.append(_problem("bad-requirement", "error", message, requirement))
        elif name != SERVING_PLACEHOLDER or full_azureml:
            lines.append((requirement.text, requirement))
    origins = [(name, asked) for line, asked in lines if (name := distribution(line))]
    return [line for line, _ in lines], origins, problems


def _refuse_only_conda(packages: Sequence[Requirement], where: str) -> None:
    specs = [(package, parse_conda_spec(package.text)) for package in packages]
    lacking = [package for package, spec in specs if spec and is_only_conda(spec.name)]
    if lacking:
        raise DependencyError(
            f"{where} cannot have the conda package"
            f"{'s' if len(lacking) > 1 else ''} {', '.join(package.text for package in lacking)}",
            place=lacking[0].place,
            hint="take them out of the conda file, or name their PyPI packages under pip",
        )


def _from_conda(
    packages: Sequence[Requirement], where: str
) -> tuple[list[tuple[str, Requirement]], list[Problem]]:
    """The pip lines for conda packages, and what to tell the user of the difference."""
    lines: list[tuple[str, Requirement]] = []
    left_out: list[Requirement] = []
    problems: list[Problem] = []
    for package in packages:
        spec = parse_conda_spec(package.text)
        name = pypi_name(spec.name) if spec else None
        if spec is None or name is None:
            left_out += [] if spec and spec.name in _INSTALLERS else [package]
            continue
        specifier = pip_specifier(spec.version)
        if specifier is None:
            message = f"pip has no range like {package.text!r}: any version of {name} is taken"
            problems.append(_problem("conda-range-unknown", "warning", message, package))
        lines.append((name + (specifier or ""), package))
    return lines, [*_tell_translated(lines, left_out, where), *problems]


def _tell_translated(
    lines: Sequence[tuple[str, Requirement]], left_out: Sequence[Requirement], where: str
) -> list[Problem]:
    """One note for all packages of a kind: a file may list a hundred."""
    notes = []
    if lines:
        message = f"conda packages are taken from PyPI for {where}: "
        message += ", ".join(line for line, _ in lines)
        notes.append(_problem("conda-package-from-pypi", "note", message, lines[0][1]))
    if left_out:
        message = f"conda packages without Python are left out for {where}: "
        message += ", ".join(package.text for package in left_out)
        notes.append(_problem("conda-package-left-out", "note", message, left_out[0]))
    return notes


def is_option(line: str) -> bool:
    """Whether a line says where packages are found, and is also one for what installs them."""
    return _INDEX_OPTION.match(line) is not None


def is_moving(line: str) -> bool:
    """Whether a line has no hash, and is another thing tomorrow."""
    return _MOVING.match(line) is not None


def distribution(line: str) -> str | None:
    """The canonical name of what a line asks for, or None for an option or a bare URL."""
    if plain := _PLAIN.fullmatch(line):
        return re.sub(r"[-_.]+", "-", plain["name"]).lower()
    # For what only few files have: it takes longer to import than the rest of reading them.
    from packaging.utils import canonicalize_name

    wanted = parsed(line)
    return canonicalize_name(wanted.name) if wanted else None


def parsed(line: str) -> PipRequirement | None:
    """What a line says, without its comment; None for an option, a path or a bare URL."""
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as PipRequirement

    try:
        return PipRequirement(line.partition(" #")[0].strip())
    except InvalidRequirement:
        return None


def allows(line: str, version: str) -> bool:
    """Whether a version, a pre-release too, is one that the line asks for."""
    from packaging.version import InvalidVersion

    wanted = parsed(line)
    try:
        return wanted is None or wanted.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        return False


def _moves(requirement: Requirement, text: str) -> Problem:
    what = "an editable install" if "-e" in text else "in a version control system"
    return Problem(
        code="no-fixed-file",
        severity="error",
        message=f"{requirement.text!r} is {what}: no hash can tell later that it is the same",
        place=requirement.place,
        hint="build a wheel of it, put that beside the conda file and write ./NAME.whl here",
    )


def _problem(code: str, severity: Severity, message: str, requirement: Requirement) -> Problem:
    return Problem(code=code, severity=severity, message=message, place=requirement.place)
