"""Manifests: pulled, pushed, deleted (specification: "Pull", "Push", "Content Management")."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from acideploy.emulator.acr.data.contents import Contents
from acideploy.emulator.acr.data.errors import (
    RegistryError,
    manifest_invalid,
    manifest_unknown,
    unsupported,
)
from acideploy.emulator.acr.data.images import OCI_INDEX, OCI_MANIFEST
from acideploy.emulator.acr.data.names import is_digest

MAX_SIZE = 4 << 20
_NAMES = {OCI_MANIFEST: ("manifest", "manifests"), OCI_INDEX: ("index", "indexes")}


class Manifests:
    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    async def answer(self, request: Request, repository: str, reference: str) -> Response:
        match request.method:
            case "GET" | "HEAD":
                return self._show(request, repository, reference)
            case "PUT":
                return await self._put(request, repository, reference)
            case "DELETE" if is_digest(reference):
                self._contents.delete_manifest(repository, reference)
                return Response(None, 202)
            case "DELETE":
                if self._contents.tables.tag(repository, reference) is None:
                    raise manifest_unknown(f"manifest {reference} is not found")
                self._contents.delete_tag(repository, reference)
                return Response(None, 202)
            case _:
                raise unsupported()

    def _show(self, request: Request, repository: str, reference: str) -> Response:
        manifest = self._contents.manifest(repository, reference)
        _check_accept(request, manifest.media_type)
        headers = {
            "content-type": manifest.media_type,
            "docker-content-digest": manifest.digest,
            "etag": f'"{manifest.digest}"',
        }
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(None, 304, headers)
        return Response(manifest.body, 200, headers)

    async def _put(self, request: Request, repository: str, reference: str) -> Response:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip()
        if not media_type:
            raise manifest_invalid()
        body = await _read(request)
        manifest = await self._contents.put_manifest(repository, reference, media_type, body)
        headers = {
            "location": f"/v2/{repository}/manifests/{manifest.digest}",
            "docker-content-digest": manifest.digest,
        }
        if manifest.subject:
            headers["oci-subject"] = manifest.subject
        return Response(None, 201, headers)


async def _read(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_SIZE:
            message = f"manifest size {size} exceeds the maximum of {MAX_SIZE} bytes"
            raise RegistryError(413, "SIZE_INVALID", message)
        parts.append(part)
    return b"".join(parts)


def _check_accept(request: Request, media_type: str) -> None:
    """OCI's manifests are for clients that know them; one that says nothing gets what there is."""
    if media_type not in _NAMES:
        return
    accepted = {
        each.partition(";")[0].strip()
        for line in request.headers.getlist("accept")
        for each in line.split(",")
    }
    if accepted and not accepted & {"", media_type, "*/*", "application/*"}:
        one, many = _NAMES[media_type]
        raise manifest_unknown(f"OCI {one} found, but accept header does not support OCI {many}")
