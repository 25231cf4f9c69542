"""Which function answers which request, and what a provider of resources brings along."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError, invalid_content
from acideploy.emulator.cloud import Cloud
from acideploy.emulator.store import Document


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that may pass: who asks (the claims of the token), and what the path says."""

    cloud: Cloud
    request: Request
    parameters: Mapping[str, str]
    api_version: str
    caller: Mapping[str, Any]

    def __getitem__(self, name: str) -> str:
        """A part of the path, spelt as in the request."""
        return self.parameters[name]

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    async def body(self) -> dict[str, Any]:
        """The body, a JSON object. Raises ArmError (400) for anything else."""
        text = await self.request.body()
        try:
            body = json.loads(text)
        except ValueError as error:
            raise invalid_content(
                f"The request content was invalid and could not be deserialized: '{error}'."
            ) from error
        if not isinstance(body, dict):
            raise invalid_content("The request content is not valid and could not be deserialized.")
        return body


Answer = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True)
class Route:
    """Requests of a method to a path: `/subscriptions/{subscription}/resourceGroups/{group}`.

    Fixed words fit in any case, as Resource Manager takes them; a parameter is one word.
    """

    method: str
    path: str
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """A type of resource that lies in a resource group, as `registries`.

    Its documents are in the store under `kind` (the full type in lower case), by the resource's id
    in lower case. `summary` is what the list of all resources shows of one; `delete` takes one away
    together with all that belongs to it.
    """

    name: str
    versions: tuple[str, ...]
    summary: Callable[[Document], Document]
    delete: Callable[[Cloud, Document], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A resource provider. `other_types` have versions only: `locations/usages`."""

    namespace: str
    types: tuple[ResourceType, ...] = ()
    other_types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()

    def kind(self, type: ResourceType) -> str:
        return f"{self.namespace}/{type.name}".lower()

    def versions(self, name: str) -> tuple[str, ...] | None:
        """The API versions of a type, `registries/tasks`, in any case; None when there is none."""
        known = {each.name.lower(): each.versions for each in self.types}
        known |= {each.lower(): versions for each, versions in self.other_types.items()}
        return known.get(name.lower())


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._routes = [(route, _pattern(route.path)) for route in routes]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and the parts of the path; None when there is none.

        Raises ArmError (405) when the path is there for other methods only.
        """
        others = []
        for route, pattern in self._routes:
            if found := pattern.fullmatch(path):
                if route.method == method:
                    return route, found.groupdict()
                others.append(route.method)
        if others:
            raise ArmError(
                405,
                "HttpMethodNotSupported",
                f"The requested resource does not support http method '{method}'.",
                headers={"allow": ",".join(sorted(set(others)))},
            )
        return None


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    words = [
        rf"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    ]
    return re.compile("".join(words) + "/?", re.IGNORECASE)


def resource_id(subscription: str, group: str, type: str, name: str) -> str:
    """The id of a resource; `type` as `Microsoft.ContainerInstance/containerGroups`."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{type}/{name}"


def json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """JSON as Resource Manager writes it: no spaces, keys in the order given."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Response(text, status, headers, media_type="application/json; charset=utf-8")


def empty_response(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """No body; `content-length: 0` except for 204."""
    return Response(None, status, headers)
