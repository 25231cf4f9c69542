"""Azure Container Instances: `Microsoft.ContainerInstance` as Resource Manager shows it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import WebSocketRoute

from acideploy.emulator.aci.answer import describe
from acideploy.emulator.aci.checks import check_group, check_location
from acideploy.emulator.aci.containers import Containers
from acideploy.emulator.aci.document import read_group, read_tags
from acideploy.emulator.aci.groups import Groups
from acideploy.emulator.aci.orders import RegistryLogin, no_login
from acideploy.emulator.aci.profiles import Profiles, with_profile
from acideploy.emulator.aci.record import KIND, NAMESPACE, TYPE
from acideploy.emulator.aci.regional import OTHER_TYPES, Regions
from acideploy.emulator.aci.replies import Replies, find, id_of
from acideploy.emulator.aci.runtime import Runtime
from acideploy.emulator.aci.sockets import Sockets
from acideploy.emulator.aci.versions import VERSIONS
from acideploy.emulator.arm.errors import group_not_found
from acideploy.emulator.arm.routes import (
    Call,
    Provider,
    ResourceType,
    Route,
    empty_response,
    json_response,
    resource_id,
)
from acideploy.emulator.arm.subscriptions import find_group
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud
from acideploy.emulator.store import Document
from acideploy.emulator.traffic import fault

_FAULTS = ("quota", "capacity", "imagePull", "crash", "slowStart")


class ContainerInstances:
    """Container groups that `runtime` runs.

    `login` gives what an identity may log in with at a registry. Names of groups end in
    `dns_suffix`; without one a group's name is its address.
    """

    def __init__(
        self,
        cloud: Cloud,
        runtime: Runtime,
        *,
        login: RegistryLogin = no_login,
        dns_suffix: str | None = None,
    ) -> None:
        self._groups = Groups(cloud, runtime, login=login, dns_suffix=dns_suffix)
        self._sockets = Sockets(cloud, self._groups)
        self._replies = Replies(self._groups, runtime)
        profiles = Profiles(cloud)
        self.provider = Provider(
            namespace=NAMESPACE,
            types=(
                ResourceType(
                    name="containerGroups", versions=VERSIONS, summary=_summary, delete=self._drop
                ),
                profiles.type,
            ),
            other_types=dict.fromkeys(OTHER_TYPES, VERSIONS),
            routes=(
                *self._routes(),
                *Containers(self._groups, self._sockets, self._replies).routes(),
                *profiles.routes(),
                *Regions(self._groups).routes(),
            ),
        )

    def sockets(self) -> list[WebSocketRoute]:
        """The websockets of `exec` and `attach`, for the site of Resource Manager."""
        return self._sockets.routes()

    async def resume(self) -> None:
        await self._groups.resume()

    async def close(self) -> None:
        await self._groups.close()

    def _routes(self) -> tuple[Route, ...]:
        scope = "/subscriptions/{subscription}"
        namespace = f"/providers/{NAMESPACE}"
        groups = f"{scope}/resourceGroups/{{group}}{namespace}/containerGroups"
        group = groups + "/{name}"
        return (
            Route("GET", f"{scope}{namespace}/containerGroups", self._list),
            Route("GET", groups, self._list),
            Route("PUT", group, self._put),
            Route("GET", group, self._get),
            Route("PATCH", group, self._patch),
            Route("DELETE", group, self._delete),
            Route("POST", group + "/restart", self._restart),
            Route("POST", group + "/stop", self._stop),
            Route("POST", group + "/start", self._start),
            Route("GET", group + "/outboundNetworkDependenciesEndpoints", self._list_outbound),
        )

    async def _put(self, call: Call) -> Response:
        asked, name = read_group(await call.body()), call["name"]
        key = id_of(call).lower()
        known = call.cloud.store.get(KIND, key)
        asked["location"] = check_location(asked, known)
        asked["properties"] = with_profile(asked["properties"], name, call.cloud.store)
        check_group(asked, name, call.api_version)
        parent = find_group(call.cloud, SUBSCRIPTION, call["group"])
        if parent is None:
            raise group_not_found(call["group"])
        group = {
            # A group that is there keeps the spelling of its name.
            "id": known["id"] if known else resource_id(SUBSCRIPTION, parent["name"], TYPE, name),
            "name": known["name"] if known else name,
            "type": TYPE,
            **asked,
        }
        faults = {each: found for each in _FAULTS if (found := fault(call.request, each))}
        made, changed = await self._groups.put(group, faults)
        body = describe(made, call.api_version)
        if not changed:
            return self._replies.about(200, made, body, limits=True)
        return self._replies.about(
            201, made, body, operation=made["state"]["operation"], limits=True
        )

    async def _get(self, call: Call) -> Response:
        found = find(self._groups, call)
        return self._replies.about(200, found, describe(found, call.api_version))

    async def _list(self, call: Call) -> Response:
        prefix = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/"
        if group := call.parameters.get("group"):
            prefix += f"{group.lower()}/"
        found = self._groups.list(prefix)
        value = [describe(each, call.api_version, view=False) for each in found]
        return json_response(200, {"value": value}, self._replies.headers)

    async def _patch(self, call: Call) -> Response:
        tags, found = read_tags(await call.body()), find(self._groups, call)
        if tags is not None:
            found = self._groups.set_tags(found, tags)
        body = describe(found, call.api_version, container_views=False)
        return self._replies.about(200, found, body)

    async def _delete(self, call: Call) -> Response:
        found = self._groups.find(id_of(call).lower())
        if found is None:
            return empty_response(204)
        # As it was, also when it ran.
        body = describe(found, call.api_version)
        await self._groups.delete(found)
        return self._replies.about(200, found, body, limits=True)

    async def _restart(self, call: Call) -> Response:
        found = find(self._groups, call)
        operation = await self._groups.restart(found)
        return self._replies.about(204, found, operation=operation)

    async def _stop(self, call: Call) -> Response:
        found = find(self._groups, call)
        await self._groups.stop(found)
        return self._replies.about(204, found)

    async def _start(self, call: Call) -> Response:
        found = find(self._groups, call)
        operation = await self._groups.start(found)
        return self._replies.about(204, found, operation=operation)

    async def _list_outbound(self, call: Call) -> Response:
        find(self._groups, call)
        return json_response(200, [])

    async def _drop(self, cloud: Cloud, document: Document) -> None:
        await self._groups.delete(document, delayed=False)


def _summary(document: Document) -> Document:
    names = ("id", "name", "type", "location", "zones", "identity", "tags")
    return {name: document[name] for name in names if name in document}
