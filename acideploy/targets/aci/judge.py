"""Everything that can be known to be wrong with a service before anything is made for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from acideploy.azure.open import Azure
from acideploy.config.problem import Problem
from acideploy.events import Emit, Finished, Outcome, Started, ignore
from acideploy.imports import import_problems
from acideploy.plan import Wanted
from acideploy.targets.aci.checks import offline_problems
from acideploy.targets.aci.service_checks import online_problems


def judge(
    wanted: Wanted,
    azure: Azure | None,
    *,
    present: Mapping[str, Any] | None,
    now: datetime,
    directory: Path,
    image_size: Callable[[], int] | None = None,
    emit: Emit = ignore,
) -> tuple[Problem, ...]:
    """Problems of the code's imports, of the sizes asked for, and what Azure says of them.

    `present` is the container group that may be changed, None for none. Places are told as seen
    from `directory`. `image_size` finds out what is known of the image's bytes.
    """
    own = wanted.base is not None and wanted.base.has_packages
    imports = () if own else import_problems(wanted.code, wanted.environment, None)
    return (
        *(_seen_from(directory, problem) for problem in imports),
        *offline_problems(wanted, now=now),
        *(_online(wanted, azure, present, image_size, emit) if azure else ()),
    )


def _online(
    wanted: Wanted,
    azure: Azure,
    present: Mapping[str, Any] | None,
    image_size: Callable[[], int] | None,
    emit: Emit,
) -> tuple[Problem, ...]:
    emit(Started(task="check", title="Check of what Azure allows"))
    found = online_problems(wanted, azure, present=present, overwrite=True, image_size=image_size)
    outcome: Outcome = "failed" if any(each.severity == "error" for each in found) else "done"
    emit(Finished(task="check", outcome=outcome))
    return found


def _seen_from(directory: Path, problem: Problem) -> Problem:
    if problem.place is None:
        return problem
    path = Path(problem.place.file)
    if not path.is_relative_to(directory):
        return problem
    place = replace(problem.place, file=str(path.relative_to(directory)))
    return replace(problem, place=place)
