"""Which Python a service runs on: what the conda file asks for, or what a flag says instead."""

from __future__ import annotations

import re
import sys

from acideploy.config.problem import Place, Problem
from acideploy.config.values import CondaEnvironment, Requirement
from acideploy.environment.conda_spec import parse_conda_spec, pip_specifier
from acideploy.errors import DependencyError
from acideploy.serving import supported_pythons


def choose_python(
    conda: CondaEnvironment | None, override: str | None
) -> tuple[str, list[Problem]]:
    """The series (`3.8`), with notes. Raises DependencyError for one that cannot be served."""
    if override:
        return _supported(override, override, Place(file="--python")), []
    default = _default_python()
    if conda is None or conda.python is None:
        return default, [
            Problem(
                code="python-not-given",
                severity="note",
                message=f"no Python version is asked for, using {default}",
                hint=f"add `python={default}` to the dependencies of the conda file",
            )
        ]
    asked = conda.python
    spec = parse_conda_spec(asked.text)
    version = spec.version if spec else ""
    if exact := re.match(r"={0,2}\s*(\d+\.\d+)", version):
        return _supported(exact[1], asked.text, asked.place), []
    return _newest_within(version, default, asked), []


def nearest_python(conda: CondaEnvironment) -> str:
    """The series that is asked for where it can be served, else the nearest newer one, else the
    newest."""
    try:
        return choose_python(conda, None)[0]
    except DependencyError:
        assert conda.python is not None
        supported = supported_pythons()
        asked = re.search(r"\d+\.\d+", conda.python.text)
        newer = [each for each in supported if asked and _series(each) >= _series(asked[0])]
        return [*newer, supported[-1]][0]


def _default_python() -> str:
    """The version of this interpreter, which is surely here, where a service can run on it."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    supported = supported_pythons()
    return running if running in supported else supported[-1]


def _newest_within(version: str, default: str, asked: Requirement) -> str:
    """For a range: the running interpreter's version where it fits, else the newest."""
    # For the few files that have a range.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        allowed = SpecifierSet(pip_specifier(version) or "")
    except InvalidSpecifier:
        allowed = SpecifierSet()
    for candidate in (default, *reversed(supported_pythons())):
        # The last patch release stands for the series: `<3.8` leaves out 3.8, `>3.7` takes 3.7.17.
        if allowed.contains(f"{candidate}.99"):
            return candidate
    raise _python_unsupported(asked.text, asked.place)


def _supported(version: str, asked: str, place: Place) -> str:
    minor = ".".join(version.split(".")[:2])
    if minor not in supported_pythons():
        raise _python_unsupported(asked, place)
    return minor


def _python_unsupported(asked: str, place: Place) -> DependencyError:
    oldest, *_, newest = supported_pythons()
    # What is not pinned then comes in the releases nearest to those of the script's days.
    nearest = oldest if re.search(r"\b3\.[0-6]\b", asked) else _default_python()
    return DependencyError(
        f"{asked!r} cannot be served: the serving stack needs Python {oldest} to {newest}",
        place=place,
        hint=f"add `--python {nearest}` to run it with that version, or change the file",
    )


def _series(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
