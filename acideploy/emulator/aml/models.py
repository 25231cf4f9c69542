"""Models of a workspace: the containers that versions of a name are in, and the versions."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from acideploy.emulator.aml.answers import (
    WORKSPACE_PATH,
    WORKSPACES,
    asset_system_data,
    find_workspace,
    not_found,
    user_error,
)
from acideploy.emulator.aml.pages import age, page
from acideploy.emulator.arm.errors import invalid_content
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.cloud import Cloud
from acideploy.emulator.store import Document

_CONTAINER_TYPE = f"{WORKSPACES}/models"
_VERSION_TYPE = f"{_CONTAINER_TYPE}/versions"
_CONTAINERS, _VERSIONS = _CONTAINER_TYPE.lower(), _VERSION_TYPE.lower()
# As long as a page of the service.
_CONTAINER_PAGE, _VERSION_PAGE = 20, 100
_NAME = re.compile(r"[A-Za-z0-9][-\w.]{0,254}", re.ASCII)


def model_routes() -> tuple[Route, ...]:
    models = WORKSPACE_PATH + "/models"
    model = models + "/{model}"
    version = model + "/versions/{version}"
    return (
        Route("GET", models, _list_containers),
        Route("GET", model, _get_container),
        Route("PUT", model, _put_container),
        Route("DELETE", model, _delete_container),
        Route("GET", model + "/versions", _list_versions),
        Route("GET", version, _get_version),
        Route("PUT", version, _put_version),
        Route("DELETE", version, _delete_version),
    )


async def _list_containers(call: Call) -> Response:
    workspace = find_workspace(call)
    path = f"{workspace['id']}/models"
    stored = call.cloud.store.list(_CONTAINERS, path.lower() + "/")
    containers = [_container(call.cloud, each) for each in stored]
    return page(call, containers, path=path, size=_CONTAINER_PAGE)


async def _get_container(call: Call) -> Response:
    return json_response(200, _container(call.cloud, _find_container(call)))


async def _put_container(call: Call) -> Response:
    workspace, asked = find_workspace(call), _properties(await call.body())
    _check_name(call)
    id = f"{workspace['id']}/models/{call['model']}"
    known = call.cloud.store.get(_CONTAINERS, id.lower())
    container = _keep_container(call, known["id"] if known else id, known, asked)
    status, headers = (200, None) if known else (201, _location(call, id))
    return json_response(status, _container(call.cloud, container), headers)


async def _delete_container(call: Call) -> Response:
    key = f"{find_workspace(call)['id']}/models/{call['model']}".lower()
    call.cloud.store.delete_below(key + "/")
    return empty_response(200 if call.cloud.store.delete(_CONTAINERS, key) else 204)


async def _list_versions(call: Call) -> Response:
    # The service knows no difference between a model without versions and none at all.
    path = f"{find_workspace(call)['id']}/models/{call['model']}/versions"
    versions = call.cloud.store.list(_VERSIONS, path.lower() + "/")
    return page(call, versions, path=path, size=_VERSION_PAGE)


async def _get_version(call: Call) -> Response:
    container = _find_container(call)
    key = f"{container['id']}/versions/{call['version']}".lower()
    found = call.cloud.store.get(_VERSIONS, key)
    if found is None:
        message = f"Model with name: {call['model']} and version: {call['version']} was not found."
        raise not_found(call, find_workspace(call), "ModelNotFound", message)
    return json_response(200, found)


async def _put_version(call: Call) -> Response:
    workspace, asked = find_workspace(call), _properties(await call.body())
    _check_name(call)
    store = call.cloud.store
    container_id = f"{workspace['id']}/models/{call['model']}"
    container = store.get(_CONTAINERS, container_id.lower())
    if container is None:
        container = _keep_container(call, container_id, None, {})
    id = f"{container['id']}/versions/{call['version']}"
    known = store.get(_VERSIONS, id.lower())
    uri = _uri(asked.get("modelUri"))
    if known and _place(known["properties"]["modelUri"]) != _place(uri):
        raise user_error(call, 400, "Asset paths cannot be updated.")
    version = {
        "id": id,
        "name": call["version"],
        "type": _VERSION_TYPE,
        "properties": {
            **_common(asked),
            "isAnonymous": bool(asked.get("isAnonymous")),
            "autoDeleteSetting": asked.get("autoDeleteSetting"),
            "flavors": asked.get("flavors") or {},
            "modelType": asked.get("modelType"),
            "modelUri": uri,
            "jobName": asked.get("jobName"),
            "provisioningState": "Succeeded",
            "stage": _stage(asked, (known or {}).get("properties", {})),
            "intellectualProperty": asked.get("intellectualProperty"),
        },
        "systemData": asset_system_data(call, known),
    }
    store.put(_VERSIONS, id.lower(), version)
    return json_response(200 if known else 201, version, None if known else _location(call, id))


async def _delete_version(call: Call) -> Response:
    key = f"{find_workspace(call)['id']}/models/{call['model']}/versions/{call['version']}"
    return empty_response(200 if call.cloud.store.delete(_VERSIONS, key.lower()) else 204)


def _keep_container(call: Call, id: str, known: Document | None, asked: dict[str, Any]) -> Document:
    container = {
        "id": id,
        "name": id.rpartition("/")[2],
        "type": _CONTAINER_TYPE,
        "properties": _common(asked),
        "systemData": asset_system_data(call, known),
    }
    call.cloud.store.put(_CONTAINERS, id.lower(), container)
    return container


def _common(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": asked.get("description"),
        "tags": asked.get("tags") or {},
        "properties": asked.get("properties") or {},
        "isArchived": bool(asked.get("isArchived")),
    }


def _container(cloud: Cloud, stored: Document) -> Document:
    """A container as it is shown: with its newest version, and the number of the next."""
    versions = cloud.store.list(_VERSIONS, f"{stored['id']}/versions/".lower())
    numbers = [int(each["name"]) for each in versions if each["name"].isdecimal()]
    newest = max(versions, key=age)["name"] if versions else None
    properties = {
        **stored["properties"],
        "latestVersion": newest,
        "nextVersion": str(max(numbers, default=0) + 1),
        "provisioningState": "Succeeded",
    }
    return {**stored, "properties": properties}


def _stage(asked: dict[str, Any], known: dict[str, Any]) -> str | None:
    """Archived ones are in a stage of their own; otherwise it stays until another is named."""
    if asked.get("isArchived"):
        return "Archived"
    stage = asked.get("stage") or known.get("stage")
    return "Development" if stage in (None, "Archived") else str(stage)


def _uri(given: object) -> str | None:
    if not isinstance(given, str):
        return None
    return re.sub("/resourcegroups/", "/resourceGroups/", given, count=1, flags=re.IGNORECASE)


def _place(uri: str | None) -> str:
    """What a URI names: datastore and path, however the workspace is spelt before them."""
    text = uri or ""
    _, found, place = text.partition("/datastores/")
    return place if found else text


def _find_container(call: Call) -> Document:
    workspace = find_workspace(call)
    key = f"{workspace['id']}/models/{call['model']}".lower()
    found = call.cloud.store.get(_CONTAINERS, key)
    if found is None:
        message = f"Model container with name: {call['model']} not found."
        raise not_found(call, workspace, "ModelNotFound", message)
    return found


def _properties(body: Document) -> dict[str, Any]:
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise invalid_content("The request content was invalid: 'properties' is required.")
    return properties


def _check_name(call: Call) -> None:
    for name in ("model", "version"):
        value = call.parameters.get(name)
        if value is not None and not _NAME.fullmatch(value):
            raise user_error(
                call,
                400,
                f"The {name} name '{value}' is invalid: it must begin with a letter or digit and "
                "may have letters, digits, '-', '_' and '.', 255 in all.",
            )


def _location(call: Call, id: str) -> dict[str, str]:
    return {"location": f"{call.cloud.url}{id}?api-version={call.api_version}"}
