"""Uploads: begun, continued in chunks or one stream, finished (specification: "Push")."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from acideploy.emulator.acr.data.contents import Contents, Upload
from acideploy.emulator.acr.data.errors import (
    RegistryError,
    digest_invalid,
    range_invalid,
    unsupported,
    upload_invalid,
)

_CONTENT_RANGE = re.compile(r"(?:bytes[ =])?(\d+)-(\d+)(?:/.*)?")


class Uploads:
    """`secret` signs the state that stands in the address of an upload."""

    def __init__(self, contents: Contents, secret: bytes) -> None:
        self._contents = contents
        self._secret = secret

    async def answer(self, request: Request, repository: str, name: str) -> Response:
        if request.method == "POST" and not name:
            return await self._begin(request, repository)
        upload = self._contents.upload(repository, name)
        match request.method:
            case "GET" | "HEAD":
                return self._progress(upload, 204)
            case "PATCH":
                async with self._contents.turn(upload):
                    return self._progress(await self._append(request, upload), 202)
            case "PUT":
                async with self._contents.turn(upload):
                    return await self._finish(request, upload)
            case "DELETE":
                self._contents.cancel_upload(upload)
                return Response(None, 204, {"docker-upload-uuid": name})
            case _:
                raise unsupported()

    async def _begin(self, request: Request, repository: str) -> Response:
        digest, source = request.query_params.get("mount"), request.query_params.get("from")
        if digest and source and self._contents.mount(source, repository, digest):
            return _created(repository, digest)
        if digest := request.query_params.get("digest"):
            await self._contents.put_blob(repository, request.stream(), digest)
            return _created(repository, digest)
        return self._progress(self._contents.begin_upload(repository), 202)

    async def _append(self, request: Request, upload: Upload) -> Upload:
        """Adds what is sent; whoever waited for a turn may find that it is too late."""
        upload = self._contents.upload(upload.repository, upload.id)
        _check_range(request, upload.received)
        if self._state(upload) != self._given(request):
            raise upload_invalid()
        await self._contents.files.append(upload.id, request.stream())
        return self._contents.upload(upload.repository, upload.id)

    async def _finish(self, request: Request, upload: Upload) -> Response:
        digest = request.query_params.get("digest")
        if not digest:
            raise digest_invalid("digest missing")
        upload = await self._append(request, upload)
        await self._contents.finish_upload(upload, digest)
        return _created(upload.repository, digest)

    def _progress(self, upload: Upload, status: int) -> Response:
        mac, state = self._state(upload)
        text = quote(base64.urlsafe_b64encode(mac + state).decode(), safe="")
        path = f"/v2/{upload.repository}/blobs/uploads/{upload.id}"
        headers = {
            "location": f"{path}?_nouploadcache=false&_state={text}",
            "docker-upload-uuid": upload.id,
            # Inclusive, so that nothing and one byte look the same.
            "range": f"0-{max(upload.received - 1, 0)}",
        }
        return Response(None, status, headers)

    def _state(self, upload: Upload) -> tuple[bytes, bytes]:
        """The signature, and what is signed: how far the upload has come."""
        started = upload.started if not upload.received else upload.started[:19] + "Z"
        state = {
            "Name": upload.repository,
            "UUID": upload.id,
            "Offset": upload.received,
            "StartedAt": started,
        }
        text = json.dumps(state, separators=(",", ":")).encode()
        return hmac.digest(self._secret, text, hashlib.sha256), text

    def _given(self, request: Request) -> tuple[bytes, bytes]:
        try:
            given = base64.urlsafe_b64decode(request.query_params.get("_state", ""))
        except ValueError as error:
            raise upload_invalid() from error
        return given[:32], given[32:]


def _check_range(request: Request, received: int) -> None:
    """A chunk that says where it belongs has to belong at the end of what is there."""
    text = request.headers.get("content-range")
    if text is None:
        return
    found = _CONTENT_RANGE.fullmatch(text.strip())
    if not found or int(found[1]) != received or int(found[2]) < int(found[1]):
        raise range_invalid(received)
    length = request.headers.get("content-length")
    if length and int(length) != int(found[2]) - int(found[1]) + 1:
        message = "provided length did not match content length"
        raise RegistryError(400, "SIZE_INVALID", message)


def _created(repository: str, digest: str) -> Response:
    headers = {
        "location": f"/v2/{repository}/blobs/{digest}",
        "docker-content-digest": digest,
    }
    return Response(None, 201, headers)
