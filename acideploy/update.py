"""`service update` on this machine: from a deployed revision and the changes to what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from acideploy.code import Code
from acideploy.config.values import Limits, Override, Serving
from acideploy.environment.base_image import BaseImage
from acideploy.environment.request import EnvironmentRequest
from acideploy.events import Emit
from acideploy.models import ModelStore
from acideploy.plan import Wanted
from acideploy.read_files import read_deployment
from acideploy.request import ConfigurationFiles, DeployRequest, UpdateRequest
from acideploy.targets.local.layout import RevisionDirectory
from acideploy.targets.local.record import Revision
from acideploy.verdict import tell
from acideploy.wanted import ChooseRuntime, find_models, require_local, wanted_by


def wanted_by_update(
    request: UpdateRequest,
    revision: Revision,
    files: RevisionDirectory,
    *,
    store: ModelStore,
    directory: Path,
    leave_out: Path,
    choose_runtime: ChooseRuntime,
    emit: Emit,
) -> Wanted:
    """The deployed revision with the changes of an update."""
    wanted = _described(request, _wanted_again(request.name, revision, files, store))
    if request.models or request.model_metadata_files:
        models = find_models(request.models, request.model_metadata_files, store)
        wanted = _changed(wanted, "models", models=models)
    if request.files.say_where:
        wanted = _with_deployment(wanted, request.files, directory, choose_runtime, emit)
    if request.files.say_what_runs:
        deploy = _deploy_request(request, wanted.environment)
        new = wanted_by(
            deploy,
            store=store,
            directory=directory,
            leave_out=leave_out,
            choose_runtime=choose_runtime,
            default_runtime=wanted.runtime,
            emit=emit,
        )
        wanted = _with_inference(wanted, new)
    return wanted


def is_only_described(request: UpdateRequest) -> bool:
    """Whether an update touches no process."""
    files = request.files
    named = request.models or request.model_metadata_files
    return not (named or files.say_where or files.say_what_runs)


def _described(request: UpdateRequest, wanted: Wanted) -> Wanted:
    tags = {**wanted.tags, **request.add_tags}
    given = request.description is not None
    return replace(
        wanted,
        description=request.description if given else wanted.description,
        tags={key: value for key, value in tags.items() if key not in request.remove_tags},
        properties={**wanted.properties, **request.add_properties},
    )


def _changed(wanted: Wanted, *parts: str, **changes: Any) -> Wanted:
    kept = {part: name for part, name in wanted.kept_parts.items() if part not in parts}
    return replace(wanted, kept_parts=kept, **changes)


def _wanted_again(
    name: str, revision: Revision, files: RevisionDirectory, store: ModelStore
) -> Wanted:
    """What would make the deployed revision again."""
    source = revision.source_directory
    tls = revision.ssl_enabled
    return Wanted(
        name=name,
        models=find_models(revision.models, (), store),
        code=Code(
            path=files.app_root / (source or revision.entry_script),
            entry_script=revision.entry_script,
            source_directory=source,
            origin=Path(revision.origin),
        ),
        environment=EnvironmentRequest.from_json(revision.environment_request),
        serving=Serving(
            auth_enabled=revision.auth_enabled,
            ssl_enabled=tls,
            ssl_certificate=files.certificate if tls else None,
            ssl_key=files.certificate_key if tls else None,
            cname=revision.cname,
            app_insights_enabled=revision.app_insights_enabled,
        ),
        runtime=revision.runtime,
        base=BaseImage.from_json(revision.base) if revision.base else None,
        limits=revision.container.limits if revision.container else Limits(),
        variables=revision.variables,
        environment_details=revision.environment,
        description=revision.description,
        tags=revision.tags,
        properties=revision.properties,
        kept_parts=revision.parts,
    )


def _with_deployment(
    wanted: Wanted,
    files: ConfigurationFiles,
    directory: Path,
    choose_runtime: ChooseRuntime,
    emit: Emit,
) -> Wanted:
    """The keys that the file or the flags give, over those of the deployed service."""
    overrides = files.deployment_overrides
    if files.deployment_config is None:
        # Flags alone change single keys of what is deployed.
        overrides = (*_deployed_keys(wanted.serving), *overrides)
    checked = read_deployment(replace(files, deployment_overrides=overrides), directory)
    tell(checked.problems, strict=files.strict, emit=emit)
    assert checked.value is not None
    local = require_local(checked.value)
    given = {
        field: value
        for field in Serving.__dataclass_fields__
        if (value := getattr(local.serving, field)) is not None
    }
    runtime = choose_runtime(local.runtime or wanted.runtime, emit=emit)
    # Another runtime has its packages in another form.
    changed = ("settings",) if runtime == wanted.runtime else ("settings", "environment")
    return _changed(
        wanted,
        *changed,
        serving=replace(wanted.serving, **given),
        runtime=runtime,
        limits=Limits(
            cpu=local.limits.cpu or wanted.limits.cpu,
            memory_in_gb=local.limits.memory_in_gb or wanted.limits.memory_in_gb,
        ),
        port=local.port,
    )


def _deployed_keys(serving: Serving) -> Sequence[Override]:
    keys = {
        "computeType": "local",
        "authEnabled": serving.auth_enabled,
        "sslEnabled": serving.ssl_enabled,
        "sslCertificate": serving.ssl_certificate and str(serving.ssl_certificate),
        "sslKey": serving.ssl_key and str(serving.ssl_key),
        "cname": serving.cname,
    }
    given = {key: value for key, value in keys.items() if value not in (None, False)}
    return [Override(key=key, value=value, flag="the service") for key, value in given.items()]


def _deploy_request(request: UpdateRequest, before: EnvironmentRequest) -> DeployRequest:
    """The inference config as a deploy would read it, with what the last deploy's flags said."""
    files = replace(
        request.files,
        deployment_config=None,
        deployment_overrides=_deployed_keys(Serving()),
        full_azureml=request.files.full_azureml or before.full_azureml,
        no_conda=request.files.no_conda or before.no_conda,
        python=request.files.python or (before.python if before.python_given else None),
    )
    return DeployRequest(name=request.name, files=files)


def _with_inference(wanted: Wanted, new: Wanted) -> Wanted:
    """The code and the environment of a new inference config."""
    return _changed(
        wanted,
        *("code", "environment", "settings"),
        code=new.code,
        environment=new.environment,
        base=new.base,
        variables=new.variables,
        environment_details=new.environment_details,
    )
