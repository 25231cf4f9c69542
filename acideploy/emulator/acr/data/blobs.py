"""Blobs: whether they are there, the way to their bytes, deletion (specification: "Pull")."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import Response

from acideploy.emulator.acr.data.contents import Contents
from acideploy.emulator.acr.data.errors import unsupported
from acideploy.emulator.acr.data.storage import signed_address
from acideploy.emulator.cloud import Cloud


class Blobs:
    def __init__(self, cloud: Cloud, contents: Contents, registry: str, secret: bytes) -> None:
        self._cloud = cloud
        self._contents = contents
        self._registry = registry
        self._secret = secret

    async def answer(self, request: Request, repository: str, digest: str) -> Response:
        size = self._contents.blob_size(repository, digest)
        headers = {"docker-content-digest": digest}
        match request.method:
            case "HEAD":
                headers |= {
                    "content-type": "application/octet-stream",
                    "content-length": str(size),
                    "accept-ranges": "bytes",
                    "etag": f'"{digest}"',
                }
                return Response(None, 200, headers)
            case "GET":
                return self._redirect(digest, headers)
            case "DELETE":
                self._contents.delete_blob(repository, digest)
                return Response(None, 202, headers)
            case _:
                raise unsupported()

    def _redirect(self, digest: str, headers: dict[str, str]) -> Response:
        location = signed_address(self._cloud, self._registry, self._secret, digest)
        body = f'<a href="{escape(location)}">Temporary Redirect</a>.\n\n'
        headers["location"] = location
        return Response(body, 307, headers, media_type="text/html")
