"""What to change in a conda file so that it can be resolved today: as little as can be found.

First the Python, where the file's own is no longer served. Then lines that nothing can be installed
by, such as a file for another Python. Then conda's packages, as far as its channels can be read,
and then pip's.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from acideploy.config.problem import Place, Problem
from acideploy.config.values import CondaEnvironment, Environment, Requirement
from acideploy.environment.channels import CondaSettings, without_login
from acideploy.environment.explain import is_unreachable, mentioned, no_pip_set, with_lines
from acideploy.environment.pip_solver import PipSolver
from acideploy.environment.platforms import Platform
from acideploy.environment.python_version import choose_python, nearest_python
from acideploy.environment.request import EnvironmentRequest, request_environment
from acideploy.environment.solve import solve, solve_pip
from acideploy.environment.upgrade.changes import Change, changed, first_changes
from acideploy.environment.upgrade.loosen import Conflict, OutOfRuns
from acideploy.environment.upgrade.nearest import NoNearest
from acideploy.environment.upgrade.pins import Move
from acideploy.environment.upgrade.respell import respelled
from acideploy.errors import DependencyError
from acideploy.events import Emit
from acideploy.serving import supported_pythons

# A file with two hundred pins takes some thirty.
_RUNS = 60
# How many more Pythons are tried where there is no set for the nearest.
_NEWER_PYTHONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`changes` are in the order of the file. `unchecked` are the lines that no channel could be
    asked about; `problems` is what else to tell."""

    python: str
    changes: tuple[Change, ...]
    unchecked: tuple[Requirement, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What is upgraded, and how. `python` is what a flag says; paths are relative to
    `directory`, and `scratch` is a folder to write to."""

    conda: CondaEnvironment
    directory: Path
    settings: CondaSettings
    platform: Platform
    scratch: Path
    emit: Emit
    python: str | None = None
    no_conda: bool = False
    full_azureml: bool = False


def propose(asked: Upgrade) -> Proposal:
    """The changes that make a set of packages: for the Python that is asked for or the nearest
    newer one, else for one that is a little newer still. Raises DependencyError where none were
    found.
    """
    oldest, *_, newest = supported_pythons()
    first = choose_python(None, asked.python)[0] if asked.python else nearest_python(asked.conda)
    reason = f"--python {first}" if asked.python else f"only Python {oldest} to {newest} is served"
    try:
        return _propose(asked, first, reason)
    except _NothingFound as failure:
        reason = f"no set of versions was found for Python {first}"
        newer = supported_pythons()[supported_pythons().index(first) + 1 :]
        for python in () if asked.python else newer[:_NEWER_PYTHONS]:
            with contextlib.suppress(_NothingFound, DependencyError):
                return _propose(asked, python, reason)
        raise failure.error from failure


class _NothingFound(Exception):
    """No set of versions for one Python; `error` is what to tell of it."""

    def __init__(self, error: DependencyError) -> None:
        super().__init__(error.message)
        self.error = error


def _propose(asked: Upgrade, python: str, reason: str) -> Proposal:
    """For one Python; `reason` is why it is that one. Raises _NothingFound and DependencyError."""
    first = first_changes(asked.conda, python, reason=reason)
    changes = {each.requirement.place: each for each in first}
    request, problems = _request(asked, changes, python)
    refused = tuple(each for each in problems if each.severity == "error")
    if refused:
        return Proposal(python=python, changes=(), problems=refused)
    unchecked = _from_channels(asked, request, changes)
    request, _ = _request(asked, changes, python)
    _from_index(asked, request, changes)
    request, problems = _request(asked, changes, python)
    _require_set(asked, request, without_conda=bool(unchecked))
    return Proposal(
        python=python,
        changes=tuple(sorted(changes.values(), key=_position)),
        unchecked=unchecked,
        problems=problems,
    )


def _request(
    asked: Upgrade, changes: Mapping[Place, Change], python: str
) -> tuple[EnvironmentRequest, tuple[Problem, ...]]:
    return request_environment(
        Environment(conda=changed(asked.conda, changes)),
        directory=asked.directory,
        settings=asked.settings,
        python=python if asked.conda.python is None else None,
        full_azureml=asked.full_azureml,
        no_conda=asked.no_conda,
        for_image=True,
    )


def _from_channels(
    asked: Upgrade, request: EnvironmentRequest, changes: dict[Place, Change]
) -> tuple[Requirement, ...]:
    """Adds the changes to conda's lines; returns the lines whose channels cannot be read."""
    if request.conda is None:
        return ()
    from acideploy.environment.conda import ChannelUnread
    from acideploy.environment.upgrade.nearest_conda import nearest_conda_set

    try:
        moves = nearest_conda_set(request.conda, platform=asked.platform, runs=_RUNS)
    except ChannelUnread:
        return request.conda.origins
    except (Conflict, OutOfRuns) as failure:
        raise _NothingFound(_no_set(request, str(failure))) from failure
    _add(asked.conda, moves, changes)
    return ()


def _from_index(asked: Upgrade, request: EnvironmentRequest, changes: dict[Place, Change]) -> None:
    """Adds the changes to the lines that pip reads."""
    solver = PipSolver(
        request,
        python=request.python,
        platform=asked.platform,
        scratch=asked.scratch,
        emit=asked.emit,
    )
    try:
        moves = solver.nearest(runs=_RUNS)
    except NoNearest as failure:
        if is_unreachable(failure.output):
            raise _unreachable(asked.conda, request, failure.output) from failure
        if failure.requirement:
            raise _no_version(request, failure.requirement, failure.output) from failure
        raise _NothingFound(_no_set(request, failure.output)) from failure
    except OutOfRuns as failure:
        raise _NothingFound(_no_set(request, "")) from failure
    _add(asked.conda, moves, changes)


def _add(conda: CondaEnvironment, moves: Iterable[Move], changes: dict[Place, Change]) -> None:
    originals = {each.place: each for each in (*conda.packages, *conda.pip)}
    of_conda = {each.place for each in conda.packages}
    for move in moves:
        place = move.requirement.place
        if place not in originals:
            raise _not_in_file(move)
        earlier = changes.get(place)
        changes[place] = Change(
            requirement=originals[place],
            after=respelled(move.requirement.text, move.version, conda=place in of_conda),
            reason=f"{earlier.reason}; {move.reason}" if earlier else move.reason,
        )


def _not_in_file(move: Move) -> DependencyError:
    requirement = move.requirement
    return DependencyError(
        f"{requirement.text!r} has to change ({move.reason}), and only conda files are upgraded",
        place=requirement.place,
        hint=f"write {respelled(requirement.text, move.version, conda=False)} there",
    )


def _require_set(asked: Upgrade, request: EnvironmentRequest, *, without_conda: bool) -> None:
    """Raises DependencyError where the changed file has no answer after all."""
    if without_conda:
        solve_pip(
            request,
            request.python,
            (),
            platform=asked.platform,
            scratch=asked.scratch,
            emit=asked.emit,
            explain=False,
        )
    else:
        solve(request, platform=asked.platform, scratch=asked.scratch, explain=False)


def _unreachable(
    conda: CondaEnvironment, request: EnvironmentRequest, output: str
) -> DependencyError:
    """At the line that names what cannot be reached, where one of the file's does."""
    error = no_pip_set(request, output, python=request.python, without_stack=False)
    for requirement in conda.pip:
        url = re.search(r"https?://[^\s#]+", requirement.text)
        if url and without_login(url[0]) in without_login(output):
            error.place = requirement.place
            break
    return error


def _no_version(
    request: EnvironmentRequest, requirement: Requirement, output: str
) -> DependencyError:
    of_python = requirement.text in sys.stdlib_module_names
    return DependencyError(
        f"{requirement.text!r} has no version for Python {request.python}, newer or older",
        place=requirement.place,
        detail=output,
        hint="take the line out: that module is part of Python"
        if of_python
        else "take the line out, or name another package",
    )


def _no_set(request: EnvironmentRequest, output: str) -> DependencyError:
    words = mentioned(output)
    asked = [each for name, each in request.origins if name in words]
    return DependencyError(
        f"no versions were found that can be installed together for Python {request.python}",
        detail=with_lines(asked, output),
        hint="try another Python with `--python`, or take lines out",
    )


def _position(change: Change) -> tuple[int, int]:
    return change.requirement.place.line or 0, change.requirement.place.column or 0
