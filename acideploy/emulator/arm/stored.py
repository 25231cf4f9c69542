"""Resources that are documents and nothing more: made, shown, changed, listed and deleted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError, invalid_content, resource_not_found
from acideploy.emulator.arm.locations import LOCATIONS, normalized
from acideploy.emulator.arm.pages import page
from acideploy.emulator.arm.routes import (
    Call,
    ResourceType,
    Route,
    empty_response,
    json_response,
    resource_id,
)
from acideploy.emulator.arm.subscriptions import find_group
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud, long_time
from acideploy.emulator.store import Document


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a PUT or PATCH asks a resource to be; `known` is what was there. Parts are checked."""

    call: Call
    body: Document
    known: Document | None
    id: str
    name: str
    location: str
    tags: dict[str, str]

    @property
    def properties(self) -> dict[str, Any]:
        return dict(self.body.get("properties") or {})

    def kept(self, name: str, value: object) -> Any:
        """A property that is given once and never changes."""
        return (self.known or {}).get("properties", {}).get(name, value)


async def _nothing(cloud: Cloud, document: Document) -> None:
    pass


def _as_it_is(document: Document, version: str) -> Document:
    return document


@dataclass(frozen=True, kw_only=True)
class StoredType:
    """A type of resource in a resource group.

    `describe` returns the document of what was asked for, or raises ArmError. `deleted` is told
    of one that goes. `created` is the status of a PUT that makes one; `group_word` is how ids of
    the type spell `resourceGroups`; `show` is a document as an API version answers it.
    """

    namespace: str
    name: str
    versions: tuple[str, ...]
    describe: Callable[[Asked], Awaitable[Document]]
    deleted: Callable[[Cloud, Document], Awaitable[None]] = _nothing
    created: int = 201
    group_word: str = "resourceGroups"
    show: Callable[[Document, str], Document] = _as_it_is

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def kind(self) -> str:
        return self.full_name.lower()

    def resource_type(self) -> ResourceType:
        return ResourceType(
            name=self.name, versions=self.versions, summary=_summary, delete=self.remove
        )

    def routes(self) -> tuple[Route, ...]:
        listed = f"/providers/{self.full_name}"
        subscription = "/subscriptions/{subscription}"
        group = subscription + "/resourceGroups/{group}"
        one = f"{group}{listed}/{{name}}"
        return (
            Route("GET", subscription + listed, self._list),
            Route("GET", group + listed, self._list),
            Route("GET", one, self._get),
            Route("PUT", one, self._put),
            Route("PATCH", one, self._patch),
            Route("DELETE", one, self._delete),
        )

    def all(self, cloud: Cloud) -> list[Document]:
        return cloud.store.list(self.kind)

    def key(self, group: str, name: str) -> str:
        return resource_id(SUBSCRIPTION, group, self.full_name, name).lower()

    def find(self, call: Call) -> Document:
        """The resource that the path names. Raises ArmError when there is none."""
        found = call.cloud.store.get(self.kind, self.key(call["group"], call["name"]))
        if found is None:
            raise resource_not_found(self.full_name, call["name"], call["group"])
        return found

    async def change(self, call: Call) -> Document:
        """Does what a PATCH says: what it names is replaced, the rest stays."""
        known, body = self.find(call), await call.body()
        properties = {**known.get("properties", {}), **_object(body, "properties")}
        return await self._keep(call, {**known, **body, "properties": properties}, known)

    async def make(self, call: Call) -> tuple[Document, bool]:
        """Does what a PUT says; also says whether there was none before."""
        body = await call.body()
        known = call.cloud.store.get(self.kind, self.key(call["group"], call["name"]))
        return await self._keep(call, body, known), known is None

    async def remove(self, cloud: Cloud, document: Document) -> None:
        """Takes a resource away, with all that lies below it."""
        await self.deleted(cloud, document)
        key = document["id"].lower()
        cloud.store.delete(self.kind, key)
        cloud.store.delete_below(key + "/")

    async def _list(self, call: Call) -> Response:
        group = call.parameters.get("group")
        prefix = resource_id(SUBSCRIPTION, group, "", "")[:-1].lower() if group else ""
        found = call.cloud.store.list(self.kind, prefix)
        return page(call, [self.show(each, call.api_version) for each in found])

    async def _get(self, call: Call) -> Response:
        return self._shown(call, 200, self.find(call))

    async def _put(self, call: Call) -> Response:
        document, is_new = await self.make(call)
        return self._shown(call, self.created if is_new else 200, document)

    async def _patch(self, call: Call) -> Response:
        return self._shown(call, 200, await self.change(call))

    def _shown(self, call: Call, status: int, document: Document) -> Response:
        return json_response(status, self.show(document, call.api_version))

    async def _delete(self, call: Call) -> Response:
        try:
            known = self.find(call)
        except ArmError:
            return empty_response(204)
        await self.remove(call.cloud, known)
        return empty_response(200)

    async def _keep(self, call: Call, body: Document, known: Document | None) -> Document:
        _object(body, "properties")
        location = self._location(call, body, known)
        name = known["name"] if known else call["name"]
        group = find_group(call.cloud, SUBSCRIPTION, call["group"])
        id = resource_id(
            SUBSCRIPTION, group["name"] if group else call["group"], self.full_name, name
        )
        document = await self.describe(
            Asked(
                call=call,
                body=body,
                known=known,
                id=id.replace("/resourceGroups/", f"/{self.group_word}/"),
                name=name,
                location=location,
                tags=_object(body, "tags"),
            )
        )
        call.cloud.store.put(self.kind, id.lower(), document)
        return document

    def _location(self, call: Call, body: Document, known: Document | None) -> str:
        given = body.get("location")
        if not given:
            raise ArmError(
                400,
                "LocationRequired",
                "The location property is required for this definition.",
                gateway=True,
            )
        location = normalized(given)
        if location not in LOCATIONS:
            raise ArmError(
                400,
                "LocationNotAvailableForResourceType",
                f"The provided location '{given}' is not available for resource type "
                f"'{self.full_name}'. List of available regions for the resource type is "
                f"'{','.join(LOCATIONS)}'.",
                gateway=True,
            )
        if known and normalized(known["location"]) != location:
            raise ArmError(
                409,
                "InvalidResourceLocation",
                f"The resource '{known['name']}' already exists in location '{known['location']}' "
                f"in resource group '{call['group']}'. A resource with the same name cannot be "
                f"created in location '{location}'. Please select a new resource name.",
                gateway=True,
            )
        return location


def system_data(call: Call, known: Document | None) -> dict[str, str]:
    """Who made a resource and who changed it last, as Resource Manager writes it."""
    now = long_time(call.cloud.clock.now())
    who = str(call.caller.get("appid", ""))
    made = (known or {}).get("systemData", {})
    return {
        "createdBy": made.get("createdBy", who),
        "createdByType": made.get("createdByType", "Application"),
        "createdAt": made.get("createdAt", now),
        "lastModifiedBy": who,
        "lastModifiedByType": "Application",
        "lastModifiedAt": now,
    }


def _summary(document: Document) -> Document:
    names = ("id", "name", "type", "kind", "sku", "location", "identity", "tags")
    return {name: document[name] for name in names if name in document}


def _object(body: Document, name: str) -> dict[str, Any]:
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise invalid_content(f"The request content was invalid: '{name}' is not an object.")
    return value or {}
