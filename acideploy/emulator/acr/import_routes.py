"""importImage: an image of another registry becomes one of this."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from acideploy.emulator.acr.bodies import check_kinds
from acideploy.emulator.acr.copying import copy_image
from acideploy.emulator.acr.data.errors import RegistryError
from acideploy.emulator.acr.data.registry import RegistryData
from acideploy.emulator.acr.errors import registry_error
from acideploy.emulator.acr.image_sources import (
    ImageSource,
    ImportFailure,
    OwnRepository,
    RemoteRepository,
)
from acideploy.emulator.acr.operations import Operations
from acideploy.emulator.acr.registries import Registries
from acideploy.emulator.acr.registry_routes import REGISTRY
from acideploy.emulator.acr.versions import REGISTRY_VERSIONS, supported
from acideploy.emulator.arm.errors import invalid_content
from acideploy.emulator.arm.routes import Call, Route, empty_response
from acideploy.emulator.certificates import authority_path
from acideploy.emulator.cloud import Cloud

# Who a token without a name belongs to.
_NOBODY = "00000000-0000-0000-0000-000000000000"
# The result is there at the first poll that clients make, after ten seconds. Seconds.
_IMPORT = 5.0


@dataclass(frozen=True, kw_only=True)
class _Order:
    source: ImageSource
    # A tag or a digest.
    reference: str
    target: RegistryData
    # Repositories with tags; a repository without one gets the manifest only.
    tags: tuple[tuple[str, str | None], ...]
    force: bool


class ImportRoutes:
    def __init__(self, cloud: Cloud, registries: Registries, operations: Operations) -> None:
        self._cloud = cloud
        self._registries = registries
        self._operations = operations
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> tuple[Route, ...]:
        return (Route("POST", REGISTRY + "/importImage", self._import),)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()

    async def _import(self, call: Call) -> Response:
        registry, body = self._registries.of(call), await call.body()
        order = self._order(self._registries.content(registry), body)
        images = [f"{name}:{tag}" if tag else name for name, tag in order.tags]
        operation = self._operations.begin("registries", "Accepted", images=images)
        task = asyncio.create_task(self._perform(order, operation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        url = self._operations.result_url(operation, registry["location"].upper(), call.api_version)
        return empty_response(202, {"location": url, **supported(REGISTRY_VERSIONS)})

    async def _perform(self, order: _Order, operation: str) -> None:
        waiting = asyncio.create_task(self._cloud.clock.delay(_IMPORT))
        failure, status = None, 200
        try:
            await _copy(order)
        except (ImportFailure, RegistryError) as error:
            failure, status = {"code": error.code, "message": str(error)}, error.status
        await waiting
        self._operations.finish(operation, error=failure, status=status)

    def _order(self, target: RegistryData, body: dict[str, Any]) -> _Order:
        check_kinds(body, {"source": dict, "targetTags": list, "untaggedTargetRepositories": list})
        source = body.get("source") or {}
        kinds = {"resourceId": str, "registryUri": str, "sourceImage": str, "credentials": dict}
        check_kinds(source, kinds)
        image = source.get("sourceImage")
        if not image:
            raise invalid_content("The request content was invalid: 'sourceImage' is missing.")
        mode = body.get("mode") or "NoForce"
        if mode not in ("NoForce", "Force"):
            raise registry_error(400, "InvalidParameter", f"The import mode '{mode}' is not valid.")
        name, reference = _split(image)
        default = reference if ":" not in reference else "latest"
        tags: list[tuple[str, str | None]] = [
            _target(each, default) for each in _texts(body, "targetTags")
        ]
        tags += [(each, None) for each in _texts(body, "untaggedTargetRepositories")]
        return _Order(
            source=self._source(source, name),
            reference=reference,
            target=target,
            tags=tuple(tags or [(name, default)]),
            force=mode == "Force",
        )

    def _source(self, source: dict[str, Any], name: str) -> ImageSource:
        if identifier := source.get("resourceId"):
            registry = self._registries.by_id(identifier)
            if registry is None:
                raise registry_error(
                    404,
                    "SourceRegistryNotFound",
                    f"The source registry {identifier} could not be found.",
                )
            return OwnRepository(self._registries.content(registry), name)
        server: str = source.get("registryUri") or ""
        if not server:
            raise registry_error(
                400, "InvalidParameter", "Either 'resourceId' or 'registryUri' is needed."
            )
        given = source.get("credentials") or {}
        credentials = (
            (given.get("username") or _NOBODY, given["password"]) if given.get("password") else None
        )
        own = {each["properties"]["loginServer"] for each in self._registries.all()}
        ca = str(authority_path(self._cloud.directory)) if server in own else None
        return RemoteRepository(server, name, credentials=credentials, ca=ca)


async def _copy(order: _Order) -> None:
    """Raises ImportFailure and RegistryError."""
    if not order.force:
        _refuse_known(order)
    for repository, tag in order.tags:
        manifest = await copy_image(order.source, order.reference, order.target, repository)
        if tag:
            await order.target.put_manifest(repository, tag, manifest.media_type, manifest.body)


def _refuse_known(order: _Order) -> None:
    """Raises ImportFailure for a tag that is there already."""
    for repository, tag in order.tags:
        if tag and tag in order.target.tags(repository):
            message = f"Tag {repository}:{tag} already exists in target registry."
            raise ImportFailure(409, "Conflict", message)


def _split(image: str) -> tuple[str, str]:
    """The repository, and a tag or digest."""
    name, at, digest = image.partition("@")
    if at:
        return name.partition(":")[0], digest
    repository, _, tag = image.partition(":")
    return repository, tag or "latest"


def _target(image: str, default: str) -> tuple[str, str]:
    repository, _, tag = image.partition(":")
    return repository, tag or default


def _texts(body: dict[str, Any], name: str) -> Sequence[str]:
    value: list[str] = body.get(name) or []
    if not all(isinstance(each, str) and each for each in value):
        raise invalid_content(f"The request content was invalid: '{name}' is not a list of texts.")
    return value
