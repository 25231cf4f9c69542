"""Container group profiles: groups to be made from, with every revision that there was."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from acideploy.emulator.aci.answer import describe
from acideploy.emulator.aci.checks import check_group, check_location
from acideploy.emulator.aci.document import read_group, read_tags
from acideploy.emulator.aci.record import NAMESPACE, new_state
from acideploy.emulator.aci.refusals import refuse
from acideploy.emulator.aci.versions import VERSIONS, knows
from acideploy.emulator.arm.errors import ArmError, group_not_found, resource_not_found
from acideploy.emulator.arm.routes import (
    Call,
    ResourceType,
    Route,
    empty_response,
    json_response,
    resource_id,
)
from acideploy.emulator.arm.subscriptions import find_group
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud
from acideploy.emulator.store import Document, Store

_TYPE = f"{NAMESPACE}/containerGroupProfiles"
_KIND = _TYPE.lower()
# What a group has and a profile has not.
_OF_GROUPS = (
    "provisioningState",
    "provisioningTimeoutInSeconds",
    "isCustomProvisioningTimeout",
    "isCreatedFromStandbyPool",
)


class Profiles:
    """In the store each profile has `revisions`, its properties as they were asked for."""

    def __init__(self, cloud: Cloud) -> None:
        self._store = cloud.store
        self.type = ResourceType(
            name="containerGroupProfiles",
            versions=tuple(each for each in VERSIONS if knows(each, "isCreatedFromStandbyPool")),
            summary=_summary,
            delete=_drop,
        )

    def routes(self) -> tuple[Route, ...]:
        scope = "/subscriptions/{subscription}"
        profiles = f"/providers/{_TYPE}"
        profile = f"{scope}/resourceGroups/{{group}}{profiles}/{{name}}"
        return (
            Route("GET", scope + profiles, self._list),
            Route("GET", f"{scope}/resourceGroups/{{group}}{profiles}", self._list),
            Route("PUT", profile, self._put),
            Route("GET", profile, self._get),
            Route("PATCH", profile, self._patch),
            Route("DELETE", profile, self._delete),
            Route("GET", profile + "/revisions", self._list_revisions),
            Route("GET", profile + "/revisions/{revision}", self._get_revision),
        )

    async def _put(self, call: Call) -> Response:
        asked = read_group(await call.body())
        parent = find_group(call.cloud, SUBSCRIPTION, call["group"])
        if parent is None:
            raise group_not_found(call["group"])
        known = self._store.get(_KIND, _key(call))
        asked["location"] = check_location(asked, known)
        check_group(asked, call["name"], call.api_version)
        _check_security(asked["properties"])
        document: Document = {
            "id": resource_id(SUBSCRIPTION, parent["name"], _TYPE, call["name"]),
            "name": call["name"],
            "type": _TYPE,
            **{name: asked[name] for name in ("location", "zones", "tags") if name in asked},
            "revisions": [*(known["revisions"] if known else ()), asked["properties"]],
        }
        self._store.put(_KIND, _key(call), document)
        return json_response(200 if known else 201, _describe(document, call.api_version))

    async def _get(self, call: Call) -> Response:
        return json_response(200, _describe(self._find(call), call.api_version))

    async def _list(self, call: Call) -> Response:
        prefix = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/"
        if group := call.parameters.get("group"):
            prefix += f"{group.lower()}/"
        found = self._store.list(_KIND, prefix)
        return json_response(200, {"value": [_describe(each, call.api_version) for each in found]})

    async def _patch(self, call: Call) -> Response:
        tags, found = read_tags(await call.body()), self._find(call)
        if tags is not None:
            found["tags"] = tags
            self._store.put(_KIND, _key(call), found)
        return json_response(200, _describe(found, call.api_version))

    async def _delete(self, call: Call) -> Response:
        return empty_response(200 if self._store.delete(_KIND, _key(call)) else 204)

    async def _list_revisions(self, call: Call) -> Response:
        found = self._find(call)
        numbers = range(1, len(found["revisions"]) + 1)
        value = [_describe(found, call.api_version, revision=number) for number in numbers]
        return json_response(200, {"value": value})

    async def _get_revision(self, call: Call) -> Response:
        found, number = self._find(call), call["revision"]
        if not number.isdecimal() or not 1 <= int(number) <= len(found["revisions"]):
            raise ArmError(
                404,
                "ContainerGroupProfileRevisionNotFound",
                f"The revision '{number}' of container group profile '{found['name']}' does not "
                "exist.",
            )
        return json_response(200, _describe(found, call.api_version, revision=int(number)))

    def _find(self, call: Call) -> Document:
        found = self._store.get(_KIND, _key(call))
        if found is None:
            raise resource_not_found(_TYPE, call["name"], call["group"])
        return found


def _check_security(properties: Document) -> None:
    """Raises ArmError for what a group may ask for and a profile may not."""
    for container in properties["containers"]:
        if set(container["properties"].get("securityContext") or {}) - {"privileged"}:
            raise refuse(
                "SecurityContextNotSupported",
                f"Some SecurityContext properties in container '{container['name']}' is not "
                'supported. Only the "Privileged" flag is supported.',
            )


def with_profile(properties: dict[str, Any], name: str, store: Store) -> dict[str, Any]:
    """What was asked for of a group, on top of the profile that it names, if it names one."""
    reference = properties.get("containerGroupProfile")
    if not isinstance(reference, dict) or not isinstance(reference.get("id"), str):
        return properties
    profile = store.get(_KIND, reference["id"].lower())
    revisions = profile["revisions"] if profile else []
    number = reference.get("revision", len(revisions))
    if not isinstance(number, int) or not 1 <= number <= len(revisions):
        raise refuse(
            "ContainerGroupProfileNotFound",
            f"The container group profile '{reference['id']}' of container group '{name}' is not "
            "found, or has not that revision.",
        )
    given = {each: value for each, value in properties.items() if value not in ([], None)}
    return {**revisions[number - 1], **given}


def _key(call: Call) -> str:
    return resource_id(SUBSCRIPTION, call["group"], _TYPE, call["name"]).lower()


def _describe(document: Document, version: str, *, revision: int | None = None) -> Document:
    number = revision or len(document["revisions"])
    state = {**new_state("", {}, {}), "fqdn": ""}
    group = {**document, "properties": document["revisions"][number - 1], "state": state}
    asked, shown = group["properties"], describe(group, version, view=False)
    # Nothing is added to what was asked for.
    added = [name for name in ("sku", "initContainers") if not asked.get(name)]
    properties = {n: v for n, v in shown["properties"].items() if n not in (*_OF_GROUPS, *added)}
    if address := properties.get("ipAddress"):
        address.pop("fqdn", None)
        scope = asked["ipAddress"].get("autoGeneratedDomainNameLabelScope")
        address.update({"autoGeneratedDomainNameLabelScope": scope} if scope else {})
    return {**shown, "properties": {**properties, "revision": number}}


def _summary(document: Document) -> Document:
    names = ("id", "name", "type", "location", "zones", "tags")
    return {name: document[name] for name in names if name in document}


async def _drop(cloud: Cloud, document: Document) -> None:
    cloud.store.delete(_KIND, document["id"].lower())
