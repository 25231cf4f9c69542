"""Changes to the lines of a conda file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from acideploy.config.conda import SINGLE_EQUALS
from acideploy.config.problem import Place
from acideploy.config.values import CondaEnvironment, Requirement
from acideploy.environment.python_version import choose_python
from acideploy.environment.wheels import fits
from acideploy.errors import DependencyError

_SKLEARN = re.compile(r"sklearn(?P<rest>\s*[^\w.\-].*|)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One of the user's lines, what to have instead, and why."""

    requirement: Requirement
    after: str
    reason: str


def changed(conda: CondaEnvironment, changes: Mapping[Place, Change]) -> CondaEnvironment:
    """The conda file with the changes made."""

    def after(requirement: Requirement) -> Requirement:
        change = changes.get(requirement.place)
        return replace(requirement, text=change.after) if change else requirement

    return replace(
        conda,
        python=after(conda.python) if conda.python else None,
        packages=tuple(map(after, conda.packages)),
        pip=tuple(map(after, conda.pip)),
    )


def first_changes(conda: CondaEnvironment, python: str, *, reason: str) -> Iterator[Change]:
    """What cannot be had with that Python, whatever else is installed. `reason` is why it is that
    one."""
    if conda.python and _asked_python(conda) != python:
        channel = conda.python.text.lower().partition("python")[0]
        yield Change(requirement=conda.python, after=f"{channel}python={python}", reason=reason)
    for requirement in (*conda.packages, *conda.pip):
        if found := _mended(requirement.text, python=python, pip=requirement in conda.pip):
            yield Change(requirement=requirement, after=found[0], reason=found[1])


def _mended(line: str, *, python: str, pip: bool) -> tuple[str, str] | None:
    """A line that nothing can be installed by, as it was meant, and what is wrong with it."""
    if found := _SKLEARN.fullmatch(line):
        # Its own versions were 0.0 and 0.0.post1: they say nothing of scikit-learn's.
        version = "" if "=0.0" in found["rest"] else found["rest"]
        return f"scikit-learn{version}", "the package sklearn is empty"
    if pip and (equals := SINGLE_EQUALS.fullmatch(line)):
        return f"{equals[1]}=={equals[2]}", "pip does not read a single ="
    named = _wheel(line) if pip else None
    if named and not fits(named[0], python=python):
        return named[1], f"the file is not for Python {python}"
    return None


def _asked_python(conda: CondaEnvironment) -> str | None:
    try:
        return choose_python(conda, None)[0]
    except DependencyError:
        return None


def _wheel(line: str) -> tuple[str, str] | None:
    """Of a line that names a wheel, the file's name, and the distribution with its version."""
    file = unquote(line.partition("#")[0].strip().rpartition("/")[2])
    try:
        name, version, _, _ = parse_wheel_filename(file)
    except InvalidWheelFilename:
        return None
    return file, f"{name}=={version.public}"
