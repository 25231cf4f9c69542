"""Azure Container Instances: `Microsoft.ContainerInstance` as Resource Manager shows it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import WebSocketRoute

from acideploy.emulator.aci import logs
from acideploy.emulator.aci.answer import describe
from acideploy.emulator.aci.checks import check_group, check_location
from acideploy.emulator.aci.document import read_exec, read_group, read_tags
from acideploy.emulator.aci.groups import Groups
from acideploy.emulator.aci.orders import RegistryLogin, all_containers, no_login
from acideploy.emulator.aci.record import NAMESPACE, TYPE
from acideploy.emulator.aci.refusals import refuse
from acideploy.emulator.aci.regional import OTHER_TYPES, Regions
from acideploy.emulator.aci.runtime import Runtime
from acideploy.emulator.aci.sockets import Sockets
from acideploy.emulator.aci.versions import VERSIONS
from acideploy.emulator.arm.errors import ArmError, group_not_found, resource_not_found
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
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud, new_id
from acideploy.emulator.store import Document
from acideploy.emulator.traffic import fault

# Only PUT and DELETE show them.
_LIMITS = {
    "x-ms-ratelimit-remaining-subscription-resource-requests-pt5m": "1499",
    "x-ms-ratelimit-remaining-subscription-resource-requests-pt1h": "14999",
}
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
        self._headers = {} if runtime.runs else {"x-emulator-engine": "none"}
        self.provider = Provider(
            namespace=NAMESPACE,
            types=(
                ResourceType(
                    name="containerGroups", versions=VERSIONS, summary=_summary, delete=self._drop
                ),
            ),
            other_types=dict.fromkeys(OTHER_TYPES, VERSIONS),
            routes=(*self._routes(), *Regions(self._groups).routes()),
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
        container = group + "/containers/{container}"
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
            Route("GET", container + "/logs", self._get_logs),
            Route("POST", container + "/exec", self._exec),
            Route("POST", container + "/attach", self._attach),
        )

    async def _put(self, call: Call) -> Response:
        asked, name = read_group(await call.body()), call["name"]
        key = _id(call).lower()
        known = self._groups.find(key)
        asked["location"] = check_location(asked, known)
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
            return self._answer(200, made, body, limits=True)
        return self._answer(201, made, body, operation=made["state"]["operation"], limits=True)

    async def _get(self, call: Call) -> Response:
        found = self._find(call)
        return self._answer(200, found, describe(found, call.api_version))

    async def _list(self, call: Call) -> Response:
        prefix = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/"
        if group := call.parameters.get("group"):
            prefix += f"{group.lower()}/"
        found = self._groups.list(prefix)
        value = [describe(each, call.api_version, view=False) for each in found]
        return json_response(200, {"value": value}, self._headers)

    async def _patch(self, call: Call) -> Response:
        tags, found = read_tags(await call.body()), self._find(call)
        if tags is not None:
            found = self._groups.set_tags(found, tags)
        body = describe(found, call.api_version, container_views=False)
        return self._answer(200, found, body)

    async def _delete(self, call: Call) -> Response:
        found = self._groups.find(_id(call).lower())
        if found is None:
            return empty_response(204)
        # As it was, also when it ran.
        body = describe(found, call.api_version)
        await self._groups.delete(found)
        return self._answer(200, found, body, limits=True)

    async def _restart(self, call: Call) -> Response:
        found = self._find(call)
        operation = await self._groups.restart(found)
        return self._answer(204, found, operation=operation)

    async def _stop(self, call: Call) -> Response:
        found = self._find(call)
        await self._groups.stop(found)
        return self._answer(204, found)

    async def _start(self, call: Call) -> Response:
        found = self._find(call)
        operation = await self._groups.start(found)
        return self._answer(204, found, operation=operation)

    async def _get_logs(self, call: Call) -> Response:
        found, name = self._find_container(call)
        tail = _tail(call.query.get("tail", ""))
        timestamps = call.query.get("timestamps", "").lower() == "true"
        running = self._groups.container(found["id"].lower(), name)
        content: str | None
        if running is not None:
            content = logs.of_running(await running.logs(tail=tail, timestamps=timestamps))
        else:
            # Nothing at all, not an empty text, of a container that has never run.
            kept = found["state"]["logs"].get(name)
            content = kept if kept is None else logs.last_lines(kept, tail)
        return self._answer(200, found, {"content": content})

    async def _exec(self, call: Call) -> Response:
        found, name = self._find_container(call)
        asked = read_exec(await call.body())
        if not asked.get("command"):
            raise refuse("InvalidExecCommand", "The command to execute is missing.")
        size = asked.get("terminalSize", {})
        offer = self._sockets.offer_exec(
            found["id"].lower(),
            name,
            asked["command"],
            rows=size.get("rows"),
            columns=size.get("cols"),
        )
        return self._answer(200, found, offer)

    async def _attach(self, call: Call) -> Response:
        found, name = self._find_container(call)
        return self._answer(200, found, self._sockets.offer_attach(found["id"].lower(), name))

    async def _list_outbound(self, call: Call) -> Response:
        self._find(call)
        return json_response(200, [])

    async def _drop(self, cloud: Cloud, document: Document) -> None:
        await self._groups.delete(document, delayed=False)

    def _find(self, call: Call) -> Document:
        found = self._groups.find(_id(call).lower())
        if found is None:
            raise resource_not_found(TYPE, call["name"], call["group"])
        return found

    def _find_container(self, call: Call) -> tuple[Document, str]:
        found, name = self._find(call), call["container"].lower()
        if all(each["name"] != name for each in all_containers(found)):
            raise ArmError(
                404,
                "ContainerNotFound",
                f"The container '{call['container']}' does not exist in container group "
                f"'{found['name']}'.",
            )
        return found, name

    def _answer(
        self,
        status: int,
        group: Document,
        body: object = None,
        *,
        operation: str | None = None,
        limits: bool = False,
    ) -> Response:
        region = group["location"]
        headers = {"x-ms-request-id": f"{region}:{operation or new_id()}", **self._headers}
        if operation:
            headers["azure-asyncoperation"] = self._groups.operations.url(operation, region)
        if limits:
            headers |= _LIMITS
        if body is None:
            return empty_response(status, headers)
        return json_response(status, body, headers)


def _id(call: Call) -> str:
    return resource_id(SUBSCRIPTION, call["group"], TYPE, call["name"])


def _tail(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal():
        raise refuse("InvalidTail", f"The value '{text}' of 'tail' is invalid.")
    return int(text)


def _summary(document: Document) -> Document:
    names = ("id", "name", "type", "location", "zones", "identity", "tags")
    return {name: document[name] for name in names if name in document}
