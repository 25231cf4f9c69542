"""`service update` of a service in Azure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from acideploy.config.values import Override
from acideploy.errors import UnsupportedError
from acideploy.request import DeployRequest, UpdateRequest
from acideploy.targets.aci.group import RECORD_TAG, VERSION
from acideploy.targets.aci.record import Revision
from acideploy.targets.aci.target import AciTarget
from acideploy.targets.aci.view import container_of


def update(request: UpdateRequest, target: AciTarget) -> DeployRequest | None:
    """The deploy that makes the changes; None where tags and description were all of them.

    Raises UnsupportedError for a service that acideploy has not deployed, and where the code
    would be needed and no inference config says where it is.
    """
    group = target.group(request.name)
    revision = target.revision_of(group)
    if revision is None:
        raise UnsupportedError(
            f"service {request.name} was not deployed by acideploy, and cannot be updated by it",
            hint="deploy it with `acideploy model deploy` under another name",
        )
    revision = _described(request, revision)
    tags = _tags(request, group)
    files = request.files
    if not (
        files.say_what_runs or files.say_where or request.models or request.model_metadata_files
    ):
        digest = target.revisions(request.name).write(revision, tag=f"r{revision.number}")
        body = {"tags": {**tags, RECORD_TAG: digest}}
        target.azure.manager.send("PATCH", str(group["id"]), VERSION, body=body)
        return None
    if not files.say_what_runs:
        raise UnsupportedError(
            f"the code of service {request.name} is in Azure, not here",
            hint="give the inference config with -ic, too",
        )
    own = {name: text for name, text in tags.items() if not name.startswith("acideploy.")}
    overrides = (*_deployed_keys(group, revision), *files.deployment_overrides)
    return DeployRequest(
        name=request.name,
        models=request.models or ([] if request.model_metadata_files else revision.models),
        model_metadata_files=request.model_metadata_files,
        files=replace(
            files,
            deployment_overrides=files.deployment_overrides
            if files.deployment_config
            else overrides,
        ),
        tags=own,
        properties=revision.properties,
        description=revision.description,
        compression=request.compression,
        overwrite=True,
        no_wait=request.no_wait,
    )


def _described(request: UpdateRequest, revision: Revision) -> Revision:
    return replace(
        revision,
        description=revision.description if request.description is None else request.description,
        properties={**revision.properties, **request.add_properties},
    )


def _tags(request: UpdateRequest, group: Mapping[str, Any]) -> dict[str, str]:
    tags = {**(group.get("tags") or {}), **request.add_tags}
    return {key: value for key, value in tags.items() if key not in request.remove_tags}


def _deployed_keys(group: Mapping[str, Any], revision: Revision) -> list[Override]:
    """What the deployment config of the present service would say."""
    requests = container_of(group)["properties"]["resources"]["requests"]
    address = group["properties"].get("ipAddress") or {}
    keys = {
        "computeType": "aci",
        "containerResourceRequirements.cpu": requests["cpu"],
        "containerResourceRequirements.memoryInGB": requests["memoryInGB"],
        "location": group["location"],
        "authEnabled": revision.auth_enabled,
        "appInsightsEnabled": revision.app_insights_enabled,
        "dnsNameLabel": address.get("dnsNameLabel"),
    }
    return [
        Override(key=key, value=value, flag="the service")
        for key, value in keys.items()
        if value not in (None, False)
    ]
