"""The site of a registry: every request passes here, is checked, and is given to its part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from acideploy.emulator.acr.data.access import Access
from acideploy.emulator.acr.data.answers import dress, error_answer
from acideploy.emulator.acr.data.blobs import Blobs
from acideploy.emulator.acr.data.contents import Contents
from acideploy.emulator.acr.data.errors import RegistryError, not_found
from acideploy.emulator.acr.data.identities import Identities
from acideploy.emulator.acr.data.listings import Listings
from acideploy.emulator.acr.data.manifests import Manifests
from acideploy.emulator.acr.data.metadata import Metadata
from acideploy.emulator.acr.data.names import check_repository
from acideploy.emulator.acr.data.scopes import DATA_PATH, METADATA_PATH, needed_scopes
from acideploy.emulator.acr.data.sign_in import SignIn
from acideploy.emulator.acr.data.uploads import Uploads
from acideploy.emulator.cloud import Cloud
from acideploy.emulator.traffic import fault

Answering = Callable[[Request, str, str], Awaitable[Response]]


class Service:
    """One registry as ASGI. `registry` is its id, `secret` what its links are signed with."""

    def __init__(
        self,
        cloud: Cloud,
        contents: Contents,
        identities: Identities,
        *,
        registry: str,
        secret: bytes,
    ) -> None:
        self._clock = cloud.clock
        self._access = Access(cloud, identities, registry)
        self._sign_in = SignIn(self._access, identities)
        self._listings = Listings(contents)
        self._metadata = Metadata(contents, identities)
        self._uploads = Uploads(contents, secret)
        self._parts: dict[str, Answering] = {
            "blobs": Blobs(cloud, contents, registry, secret).answer,
            "manifests": Manifests(contents).answer,
            "tags": self._listings.tags,
            "referrers": self._listings.referrers,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        body = _Body(receive)
        request = Request(scope, body)
        try:
            response = await self._answer(request)
        except RegistryError as error:
            response = error_answer(error)
        except ClientDisconnect:
            # What came of an upload is kept; there is nobody to tell.
            return
        # Whoever is still sending does not listen, and misses an answer that comes too soon.
        await body.drain()
        dress(request, response, self._clock.now())
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.scope["path"]
        if fault(request, "quota"):
            headers = {"retry-after": "10"}
            raise RegistryError(429, "TOOMANYREQUESTS", "too many requests", headers=headers)
        if path in ("/oauth2/exchange", "/oauth2/token"):
            return await self._sign_in.answer(request)
        if not path.startswith(("/v2/", "/acr/v1/")) and path != "/v2":
            raise not_found()
        self._access.check(
            request.headers.get("authorization"),
            needed_scopes(request.method, path, request.query_params),
            expired=bool(fault(request, "expiredToken")),
        )
        if path.rstrip("/") == "/v2":
            return Response(None, 200)
        if path in ("/v2/_catalog", "/acr/v1/_catalog"):
            return self._listings.catalogue(request)
        if found := DATA_PATH.fullmatch(path):
            name, kind, reference = found["name"], found["kind"], found["reference"]
            check_repository(name)
            if kind == "blobs" and reference.startswith("uploads/"):
                return await self._uploads.answer(request, name, reference[len("uploads/") :])
            return await self._parts[kind](request, name, reference)
        if found := METADATA_PATH.fullmatch(path):
            return await self._metadata.answer(
                request, found["name"], found["kind"] or "", found["reference"] or ""
            )
        raise not_found()


class _Body:
    """The body of a request as it is received; `drain` reads what nobody wanted."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_over = False

    async def __call__(self) -> Message:
        message = await self._receive()
        self._is_over = not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        while not self._is_over:
            await self()
