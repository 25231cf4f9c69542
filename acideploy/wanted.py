"""From what was typed and what the files say to what is wanted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from acideploy.azureml_kept import azureml_kept
from acideploy.checks import certificate_problems, variable_problems
from acideploy.code import code_of
from acideploy.code.problems import code_problems
from acideploy.config import check_service_name, read_model_metadata
from acideploy.config.problem import Problem
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
from acideploy.environment.request import request_environment
from acideploy.errors import ConfigurationError, UnsupportedError
from acideploy.events import Emit
from acideploy.models import Model, ModelStore, parse_reference
from acideploy.plan import Wanted
from acideploy.read_files import read_deployment, read_inference
from acideploy.request import DeployRequest, PackageRequest
from acideploy.verdict import tell


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
    wanted, problems = without_models(request, inference, local, directory, leave_out)
    tell(problems, strict=request.files.strict, emit=emit)
    models = find_models(request.models, request.model_metadata_files, store)
    return replace(wanted, models=models, aci=aci)


def wanted_by_package(
    request: PackageRequest, *, store: ModelStore, directory: Path, leave_out: Path, emit: Emit
) -> Wanted:
    """What a package request asks for: all of a service but where it runs."""
    inference = read_inference(request.files, directory)
    tell(inference.problems, strict=request.files.strict, emit=emit)
    assert inference.value is not None
    asked = DeployRequest(name="", files=request.files)
    local = LocalDeployment(runtime="container")
    wanted, problems = without_models(asked, inference.value, local, directory, leave_out)
    tell(problems, strict=request.files.strict, emit=emit)
    models = find_models(request.models, request.model_metadata_files, store)
    return replace(wanted, models=models)


def without_models(
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
    full = request.files.full_azureml
    beyond = () if full else azureml_kept(code, environment, folder=folder)
    asked, notes = request_environment(
        inference.environment,
        directory=folder,
        python=request.files.python,
        full_azureml=full or bool(beyond),
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


def _require(
    request: DeployRequest, directory: Path, emit: Emit
) -> tuple[InferenceConfig, DeploymentConfig]:
    inference = read_inference(request.files, directory)
    deployment = read_deployment(request.files, directory)
    problems = (
        *check_service_name(request.name),
        *inference.problems,
        *deployment.problems,
    )
    tell(problems, strict=request.files.strict, emit=emit)
    assert inference.value is not None
    assert deployment.value is not None
    return inference.value, deployment.value


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


def with_models_here(wanted: Wanted, store: ModelStore) -> Wanted:
    """With the models that were not in the store yet; the very same where all were."""
    if all(model.is_here for model in wanted.models):
        return wanted
    models = (
        model if model.is_here else store.find(parse_reference(model.id)) for model in wanted.models
    )
    return replace(wanted, models=tuple(models))


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
