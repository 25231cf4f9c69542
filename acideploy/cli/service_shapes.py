"""Services as JSON: the short and the full (`-v`) shapes of the retired tool, and its tables."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeAlias

from acideploy.cli.cells import first_line, joined, short_time

if TYPE_CHECKING:
    from acideploy.targets import Keys, Service
    from acideploy.targets.aci.record import Revision

Shape: TypeAlias = dict[str, Any]

# How the retired service spelt them.
_COMPUTE_TYPES = {"local": "Local", "aci": "ACI"}

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
        "updatedAt": short_time(shape["updatedAt"]),
        "state": shape["state"],
        "computeType": shape["computeType"],
        "scoringUri": shape["scoringUri"],
        "tags": joined(shape["tags"]),
        "properties": joined(shape["properties"]),
        "error": first_line(shape.get("error")),
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
            createdTime=short_time(each["createdTime"]),
            models=" ".join(each["models"]),
            image=each["image"].rpartition(":")[2][:12],
        )
        for each in shapes
    ]
