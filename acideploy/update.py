"""From a deployed revision and the changes of an update to what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from acideploy.code import Code
from acideploy.config import read_deployment_config
from acideploy.config.values import Override, Serving
from acideploy.environment.request import EnvironmentRequest
from acideploy.events import Emit
from acideploy.models import ModelStore
from acideploy.plan import Wanted
from acideploy.targets.local.layout import RevisionDirectory
from acideploy.targets.local.record import Revision
from acideploy.wanted import (
    ConfigurationFiles,
    DeployRequest,
    UpdateRequest,
    find_models,
    require_local,
    tell,
    wanted_by,
)


def wanted_by_update(
    request: UpdateRequest,
    revision: Revision,
    files: RevisionDirectory,
    *,
    store: ModelStore,
    directory: Path,
    emit: Emit,
) -> Wanted:
    """The deployed revision with the changes of an update."""
    present = _wanted_again(request.name, revision, files, store)
    tags = {**revision.tags, **request.add_tags}
    described = replace(
        present,
        description=request.description or revision.description,
        tags={key: value for key, value in tags.items() if key not in request.remove_tags},
        properties={**revision.properties, **request.add_properties},
    )
    if request.models or request.model_metadata_files:
        models = find_models(request.models, request.model_metadata_files, store)
        described = replace(described, models=models)
    if request.files.say_where:
        described = _with_deployment(described, request.files, directory, emit)
    if request.files.say_what_runs:
        described = _with_inference(described, request, store, directory, emit)
    return described


def _wanted_again(
    name: str, revision: Revision, files: RevisionDirectory, store: ModelStore
) -> Wanted:
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
        variables=revision.variables,
        environment_details=revision.environment,
    )


def _with_deployment(
    wanted: Wanted, files: ConfigurationFiles, directory: Path, emit: Emit
) -> Wanted:
    """The keys that the file or the flags give, over those of the deployed service."""
    checked = read_deployment_config(
        files.deployment_config,
        overrides=_with_compute_type(files),
        cwd=directory,
    )
    tell(checked.problems, strict=files.strict, emit=emit)
    assert checked.value is not None
    local = require_local(checked.value)
    given = {
        field: value
        for field in Serving.__dataclass_fields__
        if (value := getattr(local.serving, field)) is not None
    }
    return replace(wanted, serving=replace(wanted.serving, **given), port=local.port)


def _with_compute_type(files: ConfigurationFiles) -> Sequence[Override]:
    """A service keeps its compute type: flags alone need not repeat it."""
    if files.deployment_config:
        return files.deployment_overrides
    local = Override(key="computeType", value="local", flag="--compute-type")
    return (local, *files.deployment_overrides)


def _with_inference(
    wanted: Wanted, request: UpdateRequest, store: ModelStore, directory: Path, emit: Emit
) -> Wanted:
    """The code and the environment of a new inference config."""
    deploy = DeployRequest(
        name=request.name,
        files=replace(
            request.files,
            deployment_config=None,
            deployment_overrides=_with_compute_type(ConfigurationFiles()),
        ),
    )
    new = wanted_by(deploy, store=store, directory=directory, emit=emit)
    return replace(
        wanted,
        code=new.code,
        environment=new.environment,
        variables=new.variables,
        environment_details=new.environment_details,
    )
