"""The storage account behind all registries: blobs for whoever has a signed address.

The addresses are shared access signatures: for one blob, to be read, until a time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from acideploy.emulator.acr.data.files import blob_path
from acideploy.emulator.acr.data.schema import secret_of
from acideploy.emulator.cloud import Cloud, http_time, new_id

SITE = "storage"
LIFETIME = timedelta(minutes=20)
_VERSION = "2016-05-31"


def directory(cloud: Cloud, registry: str) -> Path:
    """Where the bytes of the registry with this id are."""
    return cloud.directory / "registries" / registry


async def open_storage(cloud: Cloud) -> None:
    """Opens the site that all registries send readers to. To be called before any is opened."""
    await cloud.open_site(SITE, Storage(cloud))


def signed_address(cloud: Cloud, registry: str, secret: bytes, digest: str) -> str:
    """Where a blob can be read for the next 20 minutes."""
    ends = f"{cloud.clock.client_now() + LIFETIME:%Y-%m-%dT%H:%M:%SZ}"
    path = _path(registry, digest)
    query = {
        "se": ends,
        "sig": _signature(secret, path, ends),
        "sp": "r",
        "spr": "https",
        "sr": "b",
        "sv": _VERSION,
        "regid": registry,
    }
    # Another host than the registry's: clients must leave their token behind on the way.
    host = cloud.sites.address(SITE).replace("localhost", "127.0.0.1")
    return f"https://{host}{path}?{urlencode(query)}"


class Storage:
    """The site: it knows signatures, and no tokens."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = self._answer(Request(scope, receive))
        await response(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        now = self._cloud.clock.now()
        if "authorization" in request.headers:
            message = "Authentication information is not given in the correct format."
            return _refuse(400, "InvalidAuthenticationInfo", message, now)
        registry, digest = request.query_params.get("regid", ""), _digest(request.scope["path"])
        secret = secret_of(self._cloud.store.database, registry)
        if secret is None or not self._is_signed(request, secret, registry, digest):
            message = (
                "Server failed to authenticate the request. Make sure the value of Authorization "
                "header is formed correctly including the signature."
            )
            return _refuse(403, "AuthenticationFailed", message, now)
        if request.method not in ("GET", "HEAD"):
            message = (
                "This request is not authorized to perform this operation using this permission."
            )
            return _refuse(403, "AuthorizationPermissionMismatch", message, now)
        path = blob_path(directory(self._cloud, registry), digest)
        if not path.is_file():
            return _refuse(404, "BlobNotFound", "The specified blob does not exist.", now)
        return _Blob(path, media_type="application/octet-stream", headers=_headers(path, now))

    def _is_signed(self, request: Request, secret: bytes, registry: str, digest: str) -> bool:
        now = self._cloud.clock.client_now()
        path, ends = _path(registry, digest), request.query_params.get("se", "")
        given = request.query_params.get("sig", "")
        signed = hmac.compare_digest(given.encode(), _signature(secret, path, ends).encode())
        return signed and request.scope["path"] == path and f"{now:%Y-%m-%dT%H:%M:%SZ}" <= ends


class _Blob(FileResponse):
    chunk_size = 1 << 20


def _path(registry: str, digest: str) -> str:
    algorithm, _, code = digest.partition(":")
    place = f"docker/registry/v2/blobs/{algorithm}/{code[:2]}/{code}/data"
    return f"/{registry}-{registry[:10]}//{place}"


def _digest(path: str) -> str:
    """The digest in a path, as far as it has any; the signature says whether it is all right."""
    algorithm, _, code = ("/" + path).removesuffix("/data").split("/")[-3:]
    return f"{algorithm}:{code}"


def _signature(secret: bytes, path: str, ends: str) -> str:
    return base64.b64encode(
        hmac.digest(secret, f"r\n{ends}\n{path}\n{_VERSION}".encode(), hashlib.sha256)
    ).decode()


def _headers(path: Path, now: datetime) -> dict[str, str]:
    status = path.stat()
    return {
        "etag": f'"0x{status.st_mtime_ns:X}"',
        "accept-ranges": "bytes",
        "x-ms-blob-type": "AppendBlob",
        "x-ms-blob-committed-block-count": "1",
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-server-encrypted": "true",
        **_common(now),
    }


def _common(now: datetime) -> dict[str, str]:
    return {
        "server": "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0",
        "x-ms-request-id": new_id(),
        "x-ms-version": _VERSION,
        "date": http_time(now),
    }


def _refuse(status: int, code: str, message: str, now: datetime) -> Response:
    text = (
        f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code>'
        f"<Message>{escape(message)}</Message></Error>"
    )
    headers = {"x-ms-error-code": code, **_common(now)}
    return Response(text, status, headers, media_type="application/xml")
