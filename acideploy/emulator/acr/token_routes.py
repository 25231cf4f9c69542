"""Scope maps, and the tokens that may do what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.responses import Response

from acideploy.emulator.acr.credentials import (
    TOKEN_PASSWORDS,
    keep_token_passwords,
    new_password,
    read_time,
    token_passwords,
)
from acideploy.emulator.acr.errors import part_not_found, registry_error
from acideploy.emulator.acr.operations import Operations, status_url
from acideploy.emulator.acr.parts import Parts
from acideploy.emulator.acr.registries import Registries
from acideploy.emulator.acr.registry_document import modified, offset_time, system_data
from acideploy.emulator.acr.registry_routes import REGISTRY, caller
from acideploy.emulator.acr.scope_maps import SYSTEM_DEFINED, check_actions
from acideploy.emulator.acr.versions import TOKEN_VERSIONS, supported
from acideploy.emulator.arm.errors import invalid_content
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.store import Document

_HEADERS = supported(TOKEN_VERSIONS)
_WAIT = {"retry-after": "10", **_HEADERS}
# Until a token is there, or a change of one, or of a scope map, is done. Seconds.
_CHANGE = 10.0


class TokenRoutes:
    def __init__(self, registries: Registries, operations: Operations) -> None:
        self._maps = Parts(registries, "scopeMaps")
        self._tokens = Parts(registries, "tokens")
        self._operations = operations
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> tuple[Route, ...]:
        maps, tokens = REGISTRY + "/scopeMaps", REGISTRY + "/tokens"
        return (
            Route("GET", maps, self._list_maps),
            Route("GET", maps + "/{part}", self._get_map),
            Route("PUT", maps + "/{part}", self._put_map),
            Route("PATCH", maps + "/{part}", self._patch_map),
            Route("DELETE", maps + "/{part}", partial(self._delete, self._maps)),
            Route("GET", maps + "/{part}/operationStatuses/{operation}", self._show_status),
            Route("GET", tokens, self._list_tokens),
            Route("GET", tokens + "/{part}", self._get_token),
            Route("PUT", tokens + "/{part}", self._put_token),
            Route("PATCH", tokens + "/{part}", self._patch_token),
            Route("DELETE", tokens + "/{part}", partial(self._delete, self._tokens)),
            Route("GET", tokens + "/{part}/operationStatuses/{operation}", self._show_status),
            Route("POST", REGISTRY + "/generateCredentials", self._generate),
        )

    async def _list_maps(self, call: Call) -> Response:
        known = {each["name"]: each for each in self._maps.list(call)}
        system = [self._system_map(call, name) for name in SYSTEM_DEFINED]
        return json_response(200, {"value": [*system, *known.values()]}, _HEADERS)

    async def _get_map(self, call: Call) -> Response:
        return json_response(200, self._map(call), _HEADERS)

    async def _put_map(self, call: Call) -> Response:
        properties = _properties(await call.body())
        actions = check_actions(properties.get("actions"))
        now = call.cloud.clock.now()
        document = self._maps.find(call) or {
            "type": self._maps.type,
            "id": self._maps.identifier(call),
            "name": call["part"],
            "systemData": system_data(caller(call), now),
            "properties": {
                "type": "UserDefined",
                "creationDate": offset_time(now),
                "provisioningState": "Succeeded",
            },
        }
        if description := properties.get("description"):
            document["properties"] = {"description": description, **document["properties"]}
        document["properties"]["actions"] = actions
        self._maps.keep(call, document)
        return json_response(200, document, _HEADERS)

    async def _patch_map(self, call: Call) -> Response:
        document, properties = self._map(call), _properties(await call.body())
        if "actions" in properties:
            document["properties"]["actions"] = check_actions(properties["actions"])
        if "description" in properties:
            document["properties"]["description"] = properties["description"]
        document["properties"]["provisioningState"] = "Updating"
        document["systemData"].update(modified(caller(call), call.cloud.clock.now()))
        return self._accepted(call, self._maps, document)

    def _map(self, call: Call) -> Document:
        if call["part"] in SYSTEM_DEFINED:
            return self._system_map(call, call["part"])
        if found := self._maps.find(call):
            return found
        raise part_not_found(call["part"])

    def _system_map(self, call: Call, name: str) -> Document:
        registry = self._maps.registries.of(call)
        description, actions = SYSTEM_DEFINED[name]
        return {
            "type": self._maps.type,
            "id": f"{registry['id']}/scopeMaps/{name}",
            "name": name,
            "properties": {
                "description": description,
                "type": "SystemDefined",
                "creationDate": registry["systemData"]["createdAt"],
                "provisioningState": "Succeeded",
                "actions": list(actions),
            },
        }

    async def _list_tokens(self, call: Call) -> Response:
        shown = [_shown(call, each) for each in self._tokens.list(call)]
        return json_response(200, {"value": shown}, _HEADERS)

    async def _get_token(self, call: Call) -> Response:
        return json_response(200, _shown(call, self._token(call)), _HEADERS)

    async def _put_token(self, call: Call) -> Response:
        properties = _properties(await call.body())
        if not isinstance(properties.get("scopeMapId"), str):
            raise registry_error(400, "InvalidScopeMapId", "The scope map of the token is missing.")
        known, now = self._tokens.find(call), call.cloud.clock.now()
        document = known or {
            "type": self._tokens.type,
            "id": self._tokens.identifier(call),
            "name": call["part"],
            "systemData": system_data(caller(call), now),
            "properties": {"creationDate": offset_time(now)},
        }
        document["properties"] |= {
            "provisioningState": "Updating" if known else "Creating",
            "scopeMapId": properties["scopeMapId"],
            "credentials": {"passwords": []},
            "status": properties.get("status") or "enabled",
        }
        return self._accepted(call, self._tokens, document)

    async def _patch_token(self, call: Call) -> Response:
        document, properties = self._token(call), _properties(await call.body())
        for name in ("scopeMapId", "status"):
            if isinstance(properties.get(name), str):
                document["properties"][name] = properties[name]
        document["properties"]["provisioningState"] = "Updating"
        document["systemData"].update(modified(caller(call), call.cloud.clock.now()))
        return self._accepted(call, self._tokens, document)

    async def _show_status(self, call: Call) -> Response:
        return await self._operations.show_status(call, _WAIT)

    async def _generate(self, call: Call) -> Response:
        """New passwords for a token: the one that is named, or both."""
        registry, body = self._tokens.registries.of(call), await call.body()
        identifier = str(body.get("tokenId", ""))
        token = call.cloud.store.get(self._tokens.type.lower(), identifier.lower())
        if token is None or not token["id"].lower().startswith(registry["id"].lower() + "/"):
            raise part_not_found(identifier.rpartition("/")[2])
        names = [body["name"]] if body.get("name") else list(TOKEN_PASSWORDS)
        if not set(names) <= set(TOKEN_PASSWORDS):
            raise registry_error(
                400, "InvalidPasswordName", f"The password name '{names[0]}' is not valid."
            )
        made = [_password(call, name, body.get("expiry")) for name in names]
        kept = [
            each for each in token_passwords(call.cloud, token["id"]) if each["name"] not in names
        ]
        keep_token_passwords(
            call.cloud, token["id"], sorted([*kept, *made], key=lambda each: str(each["name"]))
        )
        return json_response(200, {"username": token["name"], "passwords": made}, _HEADERS)

    def _token(self, call: Call) -> Document:
        if found := self._tokens.find(call):
            return found
        raise part_not_found(call["part"])

    def _accepted(self, call: Call, parts: Parts, document: Document) -> Response:
        parts.keep(call, document)
        operation = self._later(call, document["properties"]["provisioningState"], parts)
        url = status_url(call, document["id"], operation)
        shown = _shown(call, document) if parts is self._tokens else document
        return json_response(201, shown, {"azure-asyncoperation": url, **_WAIT})

    async def _delete(self, parts: Parts, call: Call) -> Response:
        if not parts.delete(call):
            return empty_response(204, _HEADERS)
        operation = self._later(call, "Deleting", parts)
        location = parts.registries.of(call)["location"].upper()
        url = self._operations.result_url(operation, location, call.api_version)
        return json_response(202, None, {"location": url, **_WAIT})

    def _later(self, call: Call, state: str, parts: Parts) -> str:
        """Begins an operation that ends in a while; returns its id."""
        operation = self._operations.begin("token", state)

        async def end() -> None:
            await call.cloud.clock.delay(_CHANGE)
            if found := parts.find(call):
                found["properties"]["provisioningState"] = "Succeeded"
                parts.keep(call, found)
            self._operations.finish(operation)

        task = asyncio.create_task(end())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return operation


def _properties(body: Mapping[str, Any]) -> dict[str, Any]:
    properties = body.get("properties") or {}
    if not isinstance(properties, dict):
        raise invalid_content("The request content was invalid: 'properties' is not an object.")
    return properties


def _password(call: Call, name: str, expiry: object) -> Document:
    """A new password. Raises ArmError for an expiry that is no time."""
    until = {}
    if expiry:
        try:
            until = {"expiry": read_time(str(expiry)).isoformat()}
        except ValueError as error:
            raise invalid_content(f"The expiry '{expiry}' is not a time.") from error
    created = offset_time(call.cloud.clock.now())
    return {"creationTime": created, **until, "name": name, "value": new_password()}


def _shown(call: Call, token: Document) -> Document:
    """A token with its passwords, but for their values."""
    passwords = [
        {name: value for name, value in each.items() if name != "value"}
        for each in token_passwords(call.cloud, token["id"])
    ]
    properties = {**token["properties"], "credentials": {"passwords": passwords}}
    return {**token, "properties": properties}
