"""Results as JSON: the short and the full (`-v`) shapes of the retired tool, and its tables."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from acideploy.cli.render.amounts import amount

if TYPE_CHECKING:
    from acideploy.environment_lock import Locked
    from acideploy.environment_upgrade import Upgraded
    from acideploy.models import Model
    from acideploy.package import Package
    from acideploy.targets import Keys, Service
    from acideploy.targets.aci.record import Revision

Shape: TypeAlias = dict[str, Any]

# How the retired service spelt them.
_COMPUTE_TYPES = {"local": "Local", "aci": "ACI"}

# Of the text of an error in a table.
_WIDEST = 60

WORKSPACE_NAME = "local"


def service(value: Service, *, full: bool) -> Shape:
    return _full_service(value) if full else _short_service(value)


def _short_service(value: Service) -> Shape:
    shape = {
        "name": value.name,
        "imageId": value.image_id or value.environment_digest,
        "updatedAt": value.updated_time.isoformat(),
        "computeType": _COMPUTE_TYPES.get(value.compute_type, value.compute_type),
        "scoringUri": value.scoring_uri,
        "swaggerUri": value.swagger_uri,
        "port": value.port,
        "state": value.state,
        "tags": dict(value.tags) or "",
        "properties": dict(value.properties) or "",
        "environmentDetails": dict(value.environment),
    }
    return {**shape, "error": value.error} if value.error else shape


def _full_service(value: Service) -> Shape:
    """The retired full shape; what only Azure has is null.

    `updatedAt` is `updatedTime` by its name in the short shape: a query need not know which it is.
    """
    return {
        "name": value.name,
        "description": value.description,
        "tags": dict(value.tags),
        "properties": dict(value.properties),
        "state": value.state,
        "createdTime": value.created_time.isoformat(),
        "updatedTime": value.updated_time.isoformat(),
        "updatedAt": value.updated_time.isoformat(),
        "error": value.error,
        "computeType": _COMPUTE_TYPES.get(value.compute_type, value.compute_type),
        "workspaceName": value.workspace or WORKSPACE_NAME,
        "imageId": value.image_id or value.environment_digest,
        "imageDigest": value.image_digest,
        "imageDetails": None,
        "scoringUri": value.scoring_uri,
        "swaggerUri": value.swagger_uri,
        "port": value.port,
        "createdBy": None,
        "containerResourceRequirements": _resources(value),
        "location": value.location,
        "authEnabled": value.auth_enabled,
        "sslEnabled": value.ssl_enabled,
        "appInsightsEnabled": value.app_insights_enabled,
        "sslCertificate": None,
        "sslKey": None,
        "cname": value.cname,
        "publicIp": value.public_ip,
        "publicFqdn": value.public_fqdn,
        "environmentDetails": dict(value.environment),
        "modelDetails": [_model_detail(model) for model in value.models],
        "encryptionProperties": None,
        "vnetConfiguration": None,
        "revision": value.revision,
        "runtime": value.runtime,
        "pid": value.pid,
        "container": value.container,
        "containerId": value.container_id,
        "logFile": str(value.log_file) if value.log_file else None,
    }


def _resources(value: Service) -> Shape | None:
    """None where nothing was asked for, or a process is given what there is."""
    if value.cpu is None and value.memory_in_gb is None:
        return None
    return {"cpu": value.cpu, "memoryInGB": value.memory_in_gb}


def _model_detail(reference: str) -> Shape:
    name, _, version = reference.partition(":")
    return {"id": reference, "name": name, "version": int(version) if version.isdigit() else None}


def service_table(shape: Shape) -> Shape:
    return {
        "name": shape["name"],
        "updatedAt": _short_time(shape["updatedAt"]),
        "state": shape["state"],
        "computeType": shape["computeType"],
        "scoringUri": shape["scoringUri"],
        "tags": _joined(shape["tags"]),
        "properties": _joined(shape["properties"]),
        "error": _first_line(shape.get("error")),
    }


def deploy_table(result: Shape | list[Shape]) -> Shape | list[Shape]:
    """The service, or the rows of a plan."""
    return result if isinstance(result, list) else service_table(result)


def service_list_table(shapes: list[Shape]) -> list[Shape]:
    """The retired columns, and what only the full shape knows."""
    return [_listed_row(shape) for shape in shapes]


def _listed_row(shape: Shape) -> Shape:
    row = service_table(shape)
    return {
        **{column: row[column] for column in ("name", "updatedAt", "state", "scoringUri")},
        "models": " ".join(model["id"] for model in shape["modelDetails"]),
        "revision": shape["revision"],
        "error": row["error"],
    }


def model(value: Model, *, full: bool) -> Shape:
    """The shape of `model show` and `model register`; empty where the retired one was."""
    shape: Shape = {
        "name": value.name,
        "id": value.id,
        "version": value.version,
        "framework": value.framework,
        "frameworkVersion": value.framework_version,
        "createdTime": value.created_time.isoformat(),
        "tags": dict(value.tags) or "",
        "properties": dict(value.properties) or "",
        "description": value.description or "",
        "experimentName": "",
        "runId": "",
        "cpu": "",
        "memoryInGB": "",
        "gpu": "",
        "sampleInputDatasetId": "",
        "sampleOutputDatasetId": "",
    }
    return shape | _full_model(value) if full else shape


def _full_model(value: Model) -> Shape:
    return {
        "tags": dict(value.tags),
        "properties": dict(value.properties),
        "createdBy": None,
        "description": value.description,
        "mimeType": "application/x-python",
        "unpack": False,
        "url": f"oci://models/{value.name}@{value.digest}",
        "runDetails": None,
        "datasets": [],
        "resourceConfiguration": None,
        "root": value.root,
        "size": value.size,
        "digest": value.digest,
        "layerDigest": value.layer_digest,
    }


def listed_model(value: Model) -> Shape:
    return {
        "name": value.name,
        "id": value.id,
        "version": value.version,
        "framework": value.framework,
        "frameworkVersion": value.framework_version,
        "createdTime": value.created_time.isoformat(),
    }


def model_table(shape: Shape) -> Shape:
    """`id` is left out of tables, as in az: name and version say the same."""
    return {
        "name": shape["name"],
        "version": shape["version"],
        "framework": shape["framework"],
        "frameworkVersion": shape["frameworkVersion"],
        "createdTime": _short_time(shape["createdTime"]),
        "tags": _joined(shape.get("tags", "")),
    }


def model_list_table(shapes: list[Shape]) -> list[Shape]:
    """The retired columns, and what only the full shape knows."""
    return [
        {
            **{key: value for key, value in model_table(shape).items() if key != "tags"},
            "size": amount(shape["size"]),
            "tags": _joined(shape["tags"]),
        }
        for shape in shapes
    ]


def package(value: Package) -> Shape:
    """The retired shape, with what is known of the image."""
    return {
        "generateDockerfile": value.digest is None,
        "state": "Succeeded",
        "location": value.location,
        "digest": value.digest,
        "size": value.size,
    }


def locked(value: Locked) -> Shape:
    return {
        "path": str(value.path),
        "python": value.lock.python,
        "platform": value.lock.platform,
        "condaPackages": {each.name: f"{each.version}={each.build}" for each in value.lock.conda},
        "pipPackages": {each.name: each.version for each in value.lock.pip},
        "changes": None if value.changes is None else list(value.changes),
    }


def upgraded(value: Upgraded) -> Shape:
    return {
        "file": value.file,
        "python": value.python,
        "changes": [
            {
                "line": each.requirement.place.line,
                "before": each.requirement.text,
                "after": each.after,
                "reason": each.reason,
            }
            for each in value.changes
        ],
        "notChecked": [each.text for each in value.unchecked],
        "diff": value.difference,
    }


def upgraded_rows(shape: Shape) -> list[Shape]:
    """A row per line that changes."""
    return [OrderedDict(change) for change in shape["changes"]]


def upgraded_text(value: Upgraded) -> list[str]:
    """A line for each that changes, with its reason."""
    return [
        f"{each.requirement.place}: {each.requirement.text} -> {each.after}: {each.reason}"
        for each in value.changes
    ]


def keys(value: Keys) -> Shape:
    return {"primaryKey": value.primary, "secondaryKey": value.secondary}


def revision(value: Revision) -> Shape:
    return {
        "revision": value.number,
        "createdTime": value.created_time,
        "image": value.image,
        "models": list(value.models),
        "description": value.description,
    }


def history_rows(shapes: list[Shape]) -> list[Shape]:
    """A row per revision, newest first."""
    return [
        OrderedDict(
            revision=each["revision"],
            createdTime=_short_time(each["createdTime"]),
            models=" ".join(each["models"]),
            image=each["image"].rpartition(":")[2][:12],
        )
        for each in shapes
    ]


def _short_time(text: str | None) -> str | None:
    """`2026-11-23T10:00:00`: the day and the second, without fraction and offset."""
    return text[:19] if text else text


def _first_line(text: str | None) -> str | None:
    """The first line, cut where a table would grow too wide."""
    line = text.partition("\n")[0] if text else None
    return f"{line[: _WIDEST - 3]}..." if line and len(line) > _WIDEST else line


def _joined(pairs: Mapping[str, str] | str) -> str:
    return " ".join(f"{key}={value}" for key, value in pairs.items()) if pairs else ""  # type: ignore[union-attr]
