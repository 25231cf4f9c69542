"""What `acideploy check` finds: everything that is known to be wrong before anything is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from acideploy.code import code_of
from acideploy.code.problems import code_problems
from acideploy.config.problem import Problem
from acideploy.config.values import (
    AciDeployment,
    DeploymentConfig,
    InferenceConfig,
    LocalDeployment,
)
from acideploy.errors import AcideployError, ConfigurationError, StorageError
from acideploy.plan import Wanted
from acideploy.read_files import read_deployment, read_inference
from acideploy.request import ConfigurationFiles, DeployRequest
from acideploy.wanted import as_container, without_models


def check_files(
    files: ConfigurationFiles,
    *,
    directory: Path,
    leave_out: Path,
    judge: Callable[[Wanted], tuple[Problem, ...]],
) -> tuple[Problem, ...]:
    """Every problem of what is given: a file that is not there at all is none, if the other is.

    `judge` finds those of a service in Azure.
    """
    inference = read_inference(files, directory)
    deployment = read_deployment(files, directory)
    neither = not files.say_what_runs and not files.say_where
    found = (
        *(inference.problems if files.say_what_runs or neither else ()),
        *(deployment.problems if files.say_where or neither else ()),
    )
    if inference.value is None:
        return found
    try:
        beyond = _beyond(files, inference.value, deployment.value, directory, leave_out, judge)
    except ConfigurationError as error:
        beyond = error.problems
    except AcideployError as error:
        beyond = (_as_problem(error),)
    return (*found, *beyond)


def _beyond(
    files: ConfigurationFiles,
    inference: InferenceConfig,
    deployment: DeploymentConfig | None,
    directory: Path,
    leave_out: Path,
    judge: Callable[[Wanted], tuple[Problem, ...]],
) -> tuple[Problem, ...]:
    """What the files do not show by themselves: of the code, the environment and the place."""
    if not isinstance(deployment, LocalDeployment | AciDeployment):
        return code_problems(code_of(inference, leave_out=leave_out), cwd=directory)
    request = DeployRequest(name="", files=files)
    local = as_container(deployment)
    wanted, problems = without_models(request, inference, local, directory, leave_out)
    if isinstance(deployment, LocalDeployment):
        return problems
    judged = judge(replace(wanted, aci=deployment))
    return tuple(dict.fromkeys((*problems, *judged)))


def _as_problem(error: AcideployError) -> Problem:
    return Problem(
        code="unreadable-file" if isinstance(error, StorageError) else "environment-refused",
        severity="error",
        message=error.message,
        place=error.place,
        hint=error.hint,
    )
