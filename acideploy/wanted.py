"""From what was typed and what the files say to what is wanted."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from acideploy.checks import certificate_problems, variable_problems
from acideploy.code import Code, code_of
from acideploy.code.problems import code_problems
from acideploy.config import (
    Checked,
    check_service_name,
    read_deployment_config,
    read_inference_config,
    read_model_metadata,
)
from acideploy.config.problem import Place, Problem
from acideploy.config.values import (
    AciDeployment,
    DeploymentConfig,
    Environment,
    InferenceConfig,
    Limits,
    LocalDeployment,
    Runtime,
    RuntimeChoice,
)
from acideploy.environment.base_image import base_image_of
from acideploy.environment.channels import read_conda_settings
from acideploy.environment.lock import EnvironmentLock
from acideploy.environment.pip_lines import asks_for_azureml
from acideploy.environment.request import request_environment
from acideploy.environment.requirement_files import with_requirement_files
from acideploy.errors import (
    AcideployError,
    ConfigurationError,
    StorageError,
    UnsupportedError,
)
from acideploy.events import Emit, Noticed
from acideploy.models import Model, ModelStore, parse_reference
from acideploy.plan import Wanted
from acideploy.request import ConfigurationFiles, DeployRequest, PackageRequest
from acideploy.serving.azureml import AzuremlUse, needs_full_azureml


def _read(
    files: ConfigurationFiles, directory: Path
) -> tuple[Checked[InferenceConfig], Checked[DeploymentConfig]]:
    inference = read_inference_config(
        files.inference_config,
        overrides=files.inference_overrides,
        cwd=directory,
        environment_directory=files.environment_directory,
    )
    deployment = read_deployment_config(
        files.deployment_config, overrides=files.deployment_overrides, cwd=directory
    )
    return inference, deployment


def check_given(
    files: ConfigurationFiles,
    *,
    directory: Path,
    leave_out: Path,
    judge: Callable[[Wanted], tuple[Problem, ...]],
) -> tuple[Problem, ...]:
    """Every problem of what is given: a file that is not there at all is none, if the other is.

    `judge` finds those of a service in Azure.
    """
    inference, deployment = _read(files, directory)
    neither = not files.say_what_runs and not files.say_where
    found = (
        *(inference.problems if files.say_what_runs or neither else ()),
        *(deployment.problems if files.say_where or neither else ()),
    )
    if inference.value is None:
        return found
    request = DeployRequest(name="", files=files)
    try:
        if isinstance(deployment.value, LocalDeployment | AciDeployment):
            local = as_container(deployment.value)
            wanted, problems = _prepare(request, inference.value, local, directory, leave_out)
            if isinstance(deployment.value, AciDeployment):
                beyond = judge(replace(wanted, aci=deployment.value))
                problems = tuple(dict.fromkeys((*problems, *beyond)))
        else:
            code = code_of(inference.value, leave_out=leave_out)
            problems = code_problems(code, cwd=directory)
    except ConfigurationError as error:
        problems = error.problems
    except AcideployError as error:
        problem = Problem(
            code="unreadable-file" if isinstance(error, StorageError) else "environment-refused",
            severity="error",
            message=error.message,
            place=error.place,
            hint=error.hint,
        )
        problems = (problem,)
    return (*found, *problems)


def is_refused(problems: Sequence[Problem], *, strict: bool) -> bool:
    """Whether any problem is an error, or a warning where those count."""
    refused = ("error", "warning") if strict else ("error",)
    return any(problem.severity in refused for problem in problems)


class ChooseRuntime(Protocol):
    def __call__(self, choice: RuntimeChoice, *, emit: Emit) -> Runtime:
        """What a service of that choice runs in. Raises EngineError."""


def wanted_by(
    request: DeployRequest,
    *,
    store: ModelStore,
    directory: Path,
    leave_out: Path,
    choose_runtime: ChooseRuntime,
    default_runtime: Runtime = "process",
    emit: Emit,
) -> Wanted:
    """What a deploy request asks for. Raises ConfigurationError with every problem, and others.

    Files below `leave_out` are no part of the code.
    """
    inference, deployment = _require(request, directory, emit)
    aci = deployment if isinstance(deployment, AciDeployment) else None
    local = as_container(aci) if aci else require_local(deployment)
    if aci is None:
        runtime = choose_runtime(local.runtime or default_runtime, emit=emit)
        local = replace(local, runtime=runtime)
    wanted, problems = _prepare(request, inference, local, directory, leave_out)
    tell(problems, strict=request.files.strict, emit=emit)
    models = find_models(request.models, request.model_metadata_files, store)
    return replace(wanted, models=models, aci=aci)


def wanted_by_package(
    request: PackageRequest, *, store: ModelStore, directory: Path, leave_out: Path, emit: Emit
) -> Wanted:
    """What a package request asks for: all of a service but where it runs."""
    inference = read_inference_config(
        request.files.inference_config,
        overrides=request.files.inference_overrides,
        cwd=directory,
        environment_directory=request.files.environment_directory,
    )
    tell(inference.problems, strict=request.files.strict, emit=emit)
    assert inference.value is not None
    asked = DeployRequest(name="", files=request.files)
    local = LocalDeployment(runtime="container")
    wanted, problems = _prepare(asked, inference.value, local, directory, leave_out)
    tell(problems, strict=request.files.strict, emit=emit)
    models = find_models(request.models, request.model_metadata_files, store)
    return replace(wanted, models=models)


def _prepare(
    request: DeployRequest,
    inference: InferenceConfig,
    local: LocalDeployment,
    directory: Path,
    leave_out: Path,
) -> tuple[Wanted, tuple[Problem, ...]]:
    """What is wanted, without its models, and every problem in that."""
    environment = inference.environment or Environment()
    code = code_of(inference, leave_out=leave_out)
    folder = _requirements_directory(inference, directory)
    beyond = () if request.files.full_azureml else _beyond_stand_in(code, environment, folder)
    asked, notes = request_environment(
        inference.environment,
        directory=folder,
        python=request.files.python,
        full_azureml=request.files.full_azureml or bool(beyond),
        no_conda=request.files.no_conda,
        lock=_lock(directory / request.files.lock) if request.files.lock else None,
        settings=read_conda_settings(os.environ, home=Path.home()),
        for_image=local.runtime == "container",
    )
    conda = environment.conda
    variables = {**(conda.variables if conda else {}), **environment.variables}
    wanted = Wanted(
        name=request.name,
        models=(),
        code=code,
        environment=asked,
        base=base_image_of(environment, asked),
        serving=local.serving,
        runtime="container" if local.runtime == "container" else "process",
        limits=local.limits,
        port=local.port,
        variables=variables,
        environment_details=environment.details,
        description=request.description or inference.description,
        tags=request.tags,
        properties=request.properties,
    )
    wrong = (*variable_problems(variables), *certificate_problems(local.serving))
    return wanted, (*wrong, *code_problems(code, cwd=directory), *beyond, *notes)


def _lock(path: Path) -> EnvironmentLock:
    # For the few that give one.
    from acideploy.environment.lock_file import read_lock_file

    return read_lock_file(path)


def _beyond_stand_in(code: Code, environment: Environment, folder: Path) -> tuple[Problem, ...]:
    """A note where the code needs more of azureml-defaults than the stand-in for it has."""
    conda = environment.conda and with_requirement_files(environment.conda, folder)
    if conda is None or not asks_for_azureml(conda):
        return ()
    for name, file in code.files():
        if name.endswith(".py"):
            source = file.read_text(encoding="utf-8", errors="replace")
            for use in needs_full_azureml(source):
                return (_azureml_kept(file, source, use),)
    return ()


def _azureml_kept(file: Path, source: str, use: AzuremlUse) -> Problem:
    line = source.splitlines()[use.line - 1]
    return Problem(
        code="full-azureml",
        severity="note",
        message=f"azureml-defaults is kept as it is: the code uses {use.name}",
        place=Place(file=str(file), line=use.line, column=1, text=line),
    )


def _require(
    request: DeployRequest, directory: Path, emit: Emit
) -> tuple[InferenceConfig, DeploymentConfig]:
    inference, deployment = _read(request.files, directory)
    problems = (
        *check_service_name(request.name),
        *inference.problems,
        *deployment.problems,
    )
    tell(problems, strict=request.files.strict, emit=emit)
    assert inference.value is not None
    assert deployment.value is not None
    return inference.value, deployment.value


def tell(problems: Sequence[Problem], *, strict: bool, emit: Emit) -> None:
    """Tells warnings and notes. Raises ConfigurationError, with all, where one is an error."""
    if is_refused(problems, strict=strict):
        raise ConfigurationError(problems)
    for problem in problems:
        emit(Noticed(problem=problem))


def as_container(deployment: LocalDeployment | AciDeployment) -> LocalDeployment:
    """The same as a container on this machine; a local one as it is."""
    if isinstance(deployment, LocalDeployment):
        return deployment
    return LocalDeployment(
        runtime="container",
        limits=Limits(cpu=deployment.cpu, memory_in_gb=deployment.memory_in_gb),
        serving=deployment.serving,
    )


def require_local(deployment: DeploymentConfig) -> LocalDeployment:
    if isinstance(deployment, LocalDeployment):
        return deployment
    if isinstance(deployment, AciDeployment):
        raise UnsupportedError(
            "a service on this machine stays on it",
            hint="deploy it to Azure with `model deploy` and `--compute-type aci`",
        )
    raise UnsupportedError(
        f"computeType {deployment.compute_type}: acideploy does not deploy to Kubernetes; "
        "containerResourceRequirements, authEnabled, keys and appInsightsEnabled mean the same "
        "for `aci` and `local`, scaling and probes have no counterpart",
        hint="add `--compute-type local`",
    )


def find_models(
    references: Sequence[str], metadata_files: Sequence[Path], store: ModelStore
) -> tuple[Model, ...]:
    """Metadata files first, then references, each model once. Raises NotFoundError."""
    named = [*map(_model_of, metadata_files), *references]
    found = {model.id: model for model in (store.find(parse_reference(name)) for name in named)}
    return tuple(found.values())


def _model_of(metadata_file: Path) -> str:
    checked = read_model_metadata(metadata_file)
    if checked.value is None:
        raise ConfigurationError(checked.problems)
    return checked.value.model_id


def _requirements_directory(inference: InferenceConfig, directory: Path) -> Path:
    """What relative paths in requirement lines are relative to: the conda file's folder."""
    conda = inference.environment.conda if inference.environment else None
    if conda and (parent := Path(conda.place.file).parent).is_dir():
        return (directory / parent).resolve()
    return directory
