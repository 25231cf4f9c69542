"""Images: what their names stand for, and how they get into the engine."""

from __future__ import annotations

import base64
import json
import logging
import re
import ssl
from http import HTTPStatus
from operator import methodcaller
from typing import Any

from acideploy.emulator.aci.engine.api import EngineApi, EngineRefusal
from acideploy.emulator.aci.engine.load import archive
from acideploy.emulator.aci.engine.reference import Reference, loaded_name, local_reference
from acideploy.emulator.aci.engine.registry import ForeignRegistryError, Registry
from acideploy.emulator.aci.engine.threads import in_thread
from acideploy.emulator.aci.runtime import Credentials, Image, ImageError

# Engines answer 404 or 500 alike, and a pull that began with 200 fails by words alone.
_NOT_THERE = re.compile(
    r"denied|not found|unauthorized|manifest unknown|name unknown|does not exist|invalid reference",
    re.IGNORECASE,
)
# What Podman writes before the names of images, and Docker does not.
_LEFT_UNSAID = re.compile(r"^(?:localhost/|(?:index\.)?docker\.io/(?:library/)?)")

_log = logging.getLogger(__name__)


class Images:
    """The images of an engine. `context` trusts the emulator's registries."""

    def __init__(self, api: EngineApi, *, context: ssl.SSLContext) -> None:
        self._api = api
        self._context = context
        # Names of what came from the emulator's registries, which nobody else can use.
        self._brought: set[str] = set()

    async def resolve(self, name: str, credentials: Credentials | None) -> Image:
        """Which image a name stands for. Raises ImageError."""
        if reference := local_reference(name):
            registry = self._registry(reference, credentials)
            try:
                digest = await in_thread(
                    lambda: registry.digest(reference.repository, reference.version)
                )
                return Image(name=name, digest=digest)
            except ForeignRegistryError:
                pass
        found = await self._inspect(name)
        if found is None:
            await self._pull_by_engine(name, credentials)
            found = await self._inspect(name)
        if found is None:
            raise ImageError(f"the container engine has no image {name}")
        return Image(name=name, digest=_digest(name, found))

    async def pull(self, image: Image, credentials: Credentials | None) -> None:
        """Brings an image into the engine. Raises ImageError."""
        if await self.local_id(image) is not None:
            return
        reference = local_reference(image.pinned)
        try:
            await self._pull_by_engine(image.pinned, credentials)
        except ImageError as error:
            if reference is None:
                raise
            # Whether the login is wrong or the engine does not come here, the registry tells.
            _log.info("the engine cannot pull %s: %s", image.pinned, error)
            await self._load(image, reference, credentials)
            self._brought.add(loaded_name(image))
        else:
            if reference is not None:
                self._brought.add(image.pinned)

    async def remove_brought(self) -> None:
        """Takes away what was brought from the emulator's registries, where nothing runs it."""
        while self._brought:
            name = self._brought.pop()
            try:
                await self._api.call(methodcaller("remove_image", name))
            except EngineRefusal as refusal:
                _log.info("the image %s stays in the engine: %s", name, refusal)

    async def local_id(self, image: Image) -> str | None:
        """What the engine calls it; None when it does not have it."""
        names = {image.pinned, loaded_name(image)}
        own = local_reference(image.name) is not None
        for name in (*names, image.digest):
            found = await self._inspect(name)
            # Podman offers the same content of another repository, where another login is due.
            if found and (not own or names & _names(found) or found["Id"] == image.digest):
                return str(found["Id"])
        return None

    async def _load(
        self, image: Image, reference: Reference, credentials: Credentials | None
    ) -> None:
        content = archive(
            self._registry(reference, credentials),
            reference,
            architecture=await self._api.architecture(),
            name=loaded_name(image),
        )
        try:
            failure = await self._api.call(
                lambda client: _failure(client.load_image(content) or ())
            )
        except EngineRefusal as refusal:
            failure = str(refusal)
        except ForeignRegistryError as error:
            failure = f"{reference.server} is no registry of the emulator: {error}"
        if failure:
            raise ImageError(failure, inaccessible=False)

    async def _inspect(self, name: str) -> Any:
        try:
            return await self._api.call(lambda client: client.inspect_image(name))
        except EngineRefusal as refusal:
            if refusal.status in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST):
                return None
            raise ImageError(str(refusal), inaccessible=False) from refusal

    async def _pull_by_engine(self, name: str, credentials: Credentials | None) -> None:
        login = (
            {"username": credentials.username, "password": credentials.password}
            if credentials
            else None
        )
        own = local_reference(name) is not None
        pull = _pull_unverified if own and await self._api.is_podman() else _pull
        # The logins of this machine's user are for other registries.
        header = {} if own and login is None else login
        try:
            failure = await self._api.call(lambda client: pull(client, name, header))
        except EngineRefusal as refusal:
            failure = str(refusal)
        if failure:
            raise ImageError(failure, inaccessible=bool(_NOT_THERE.search(failure)))

    def _registry(self, reference: Reference, credentials: Credentials | None) -> Registry:
        return Registry(reference.server, context=self._context, credentials=credentials)


def _pull(client: Any, name: str, login: dict[str, str] | None) -> str:
    """What kept the engine from it, if anything did."""
    tag = None if re.search(r"[:@][^/]+$", name) else "latest"
    told = client.pull(name, tag=tag, auth_config=login, stream=True, decode=True)
    return _failure(told)


def _pull_unverified(client: Any, name: str, login: dict[str, str] | None) -> str:
    """The same by Podman's own API, that of Docker has no word for a registry's certificate."""
    response = client._post(
        f"{client.base_url}/v4.0.0/libpod/images/pull",
        params={"reference": name, "tlsVerify": "false"},
        headers={"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(login or {}).encode())},
        stream=True,
        timeout=None,
    )
    client._raise_for_status(response)
    return _failure(json.loads(line) for line in response.iter_lines() if line)


def _failure(told: Any) -> str:
    found = [line.get("error") or line.get("message") for line in told]
    return next((str(each) for each in found if each), "")


def _names(found: Any) -> set[str]:
    return {*(found.get("RepoDigests") or ()), *(found.get("RepoTags") or ())}


def _digest(name: str, found: Any) -> str:
    """That of the manifest where the engine knows one, else that of the configuration."""
    repository = _short(Image(name=name, digest="").pinned.rstrip("@"))
    for each in found.get("RepoDigests") or ():
        known, _, digest = each.partition("@")
        if _short(known) == repository:
            return str(digest)
    return str(found["Id"])


def _short(repository: str) -> str:
    """`nginx`, however it is written: each engine has a way of its own."""
    return _LEFT_UNSAID.sub("", repository)
