"""The site of the tasks' storage: as much of Azure Blob Storage as uploads and logs need."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import shutil
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from acideploy.emulator.acr.storage import ACCOUNT, Blob, TaskStorage
from acideploy.emulator.cloud import Cloud, http_time, new_id
from acideploy.emulator.store import Document

_MESSAGES = {
    "AuthenticationFailed": (
        403,
        "Server failed to authenticate the request. Make sure the value of Authorization header is "
        "formed correctly including the signature.",
    ),
    "AuthorizationPermissionMismatch": (
        403,
        "This request is not authorized to perform this operation using this permission.",
    ),
    "BlobNotFound": (404, "The specified blob does not exist."),
    "BlobAlreadyExists": (409, "The specified blob already exists."),
    "InvalidBlockList": (400, "The specified block list is invalid."),
    "InvalidHeaderValue": (
        400,
        "The value for one of the HTTP headers is not in the correct format.",
    ),
    "InvalidRange": (416, "The range specified is invalid for the current size of the resource."),
    "InvalidUri": (400, "The requested URI does not represent any resource on the server."),
    "Md5Mismatch": (
        400,
        "The MD5 value specified in the request did not match with the MD5 value calculated by the "
        "server.",
    ),
}
_BLOCK = re.compile(r"[A-Za-z0-9+/=]{1,128}")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class StorageSite:
    def __init__(self, cloud: Cloud, storage: TaskStorage) -> None:
        self._cloud = cloud
        self._storage = storage

    def app(self) -> Starlette:
        path = f"/{ACCOUNT}/{{container}}/{{name:path}}"
        return Starlette(
            routes=[Route(path, self._answer, methods=["GET", "HEAD", "PUT"])],
        )

    async def _answer(self, request: Request) -> Response:
        query = dict(request.query_params)
        wanted = "cw" if request.method == "PUT" else "r"
        if code := self._storage.refusal(request.scope["path"], query, wanted):
            return self._error(code)
        try:
            blob = self._storage.blob(request.path_params["container"], request.path_params["name"])
        except ValueError:
            return self._error("InvalidUri")
        if request.method != "PUT":
            return await self._read(request, blob)
        match query.get("comp"):
            case None:
                return await self._put(request, blob)
            case "block":
                return await self._put_block(request, blob, query.get("blockid", ""))
            case "blocklist":
                return await self._put_blocks(request, blob)
            case _:
                return self._error("InvalidUri")

    async def _put(self, request: Request, blob: Blob) -> Response:
        if request.headers.get("x-ms-blob-type") != "BlockBlob":
            return self._error("InvalidHeaderValue")
        if request.headers.get("if-none-match") == "*" and blob.properties():
            return self._error("BlobAlreadyExists")
        digest = await _receive(request, blob.path)
        if request.headers.get("content-md5", digest) != digest:
            blob.path.unlink()
            return self._error("Md5Mismatch")
        return self._written(request, blob, {"content-md5": digest})

    async def _put_block(self, request: Request, blob: Blob, block: str) -> Response:
        if not _BLOCK.fullmatch(block):
            return self._error("InvalidUri")
        digest = await _receive(request, _blocks(blob) / _block_name(block))
        return self._answered(201, {"content-md5": digest, "x-ms-request-server-encrypted": "true"})

    async def _put_blocks(self, request: Request, blob: Blob) -> Response:
        if request.headers.get("if-none-match") == "*" and blob.properties():
            return self._error("BlobAlreadyExists")
        try:
            names = [each.text or "" for each in ElementTree.fromstring(await request.body())]
        except ElementTree.ParseError:
            return self._error("InvalidBlockList")
        parts = [_blocks(blob) / _block_name(name) for name in names]
        if not all(part.is_file() for part in parts):
            return self._error("InvalidBlockList")
        await asyncio.to_thread(_join, parts, blob.path)
        await asyncio.to_thread(shutil.rmtree, _blocks(blob), True)
        return self._written(request, blob, {})

    def _written(self, request: Request, blob: Blob, headers: dict[str, str]) -> Response:
        blob.describe(
            type="BlockBlob",
            content_type=request.headers.get("x-ms-blob-content-type", "application/octet-stream"),
            modified=self._cloud.clock.now(),
            metadata={
                name.removeprefix("x-ms-meta-"): value
                for name, value in request.headers.items()
                if name.startswith("x-ms-meta-")
            },
        )
        known = blob.properties()
        assert known is not None
        return self._answered(
            201, {**_dates(known), "x-ms-request-server-encrypted": "true", **headers}
        )

    async def _read(self, request: Request, blob: Blob) -> Response:
        known = blob.properties()
        if known is None:
            return self._error("BlobNotFound")
        size = blob.path.stat().st_size
        headers = {
            **_dates(known),
            **_described(known),
            "accept-ranges": "bytes",
            "content-type": known["contentType"],
        }
        asked = request.headers.get("x-ms-range") or request.headers.get("range")
        found = _RANGE.fullmatch(asked or "")
        if request.method == "HEAD" or not found:
            body = (
                b"" if request.method == "HEAD" else await asyncio.to_thread(_bytes, blob, 0, size)
            )
            return self._answered(200, {**headers, "content-length": str(size)}, body)
        first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
        if first > last:
            return self._error("InvalidRange", {"content-range": f"bytes */{size}"})
        body = await asyncio.to_thread(_bytes, blob, first, last + 1)
        headers["content-range"] = f"bytes {first}-{last}/{size}"
        return self._answered(206, headers, body)

    def _answered(self, status: int, headers: dict[str, str], body: bytes = b"") -> Response:
        common = {
            "date": http_time(self._cloud.clock.now()),
            "server": "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0",
            "x-ms-request-id": new_id(),
            "x-ms-version": "2018-03-28",
        }
        return Response(body, status, {**common, **headers})

    def _error(self, code: str, headers: dict[str, str] | None = None) -> Response:
        status, message = _MESSAGES[code]
        body = (
            '\ufeff<?xml version="1.0" encoding="utf-8"?>'
            f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        )
        said = {"x-ms-error-code": code, "content-type": "application/xml", **(headers or {})}
        return self._answered(status, said, body.encode())


async def _receive(request: Request, path: Path) -> str:
    """Writes the body of a request to a file; returns its MD5 in base64."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.md5(usedforsecurity=False)
    part = path.with_name(f"{path.name}.{new_id()}.part")
    try:
        with part.open("wb") as file:
            async for chunk in request.stream():
                digest.update(chunk)
                file.write(chunk)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return base64.b64encode(digest.digest()).decode()


def _blocks(blob: Blob) -> Path:
    return blob.path.with_name(blob.path.name + ".blocks")


def _block_name(block: str) -> str:
    return hashlib.sha256(block.encode()).hexdigest()


def _join(parts: list[Path], path: Path) -> None:
    with path.open("wb") as whole:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole)


def _bytes(blob: Blob, first: int, end: int) -> bytes:
    with blob.path.open("rb") as file:
        file.seek(first)
        return file.read(end - first)


def _dates(known: Document) -> dict[str, str]:
    modified = datetime.fromisoformat(known["modified"])
    return {"last-modified": http_time(modified), "etag": f'"{known["etag"]}"'}


def _described(known: Document) -> dict[str, str]:
    appended = known["type"] == "AppendBlob"
    return {
        "x-ms-blob-type": known["type"],
        "x-ms-creation-time": _dates(known)["last-modified"],
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-server-encrypted": "true",
        **(
            {"x-ms-blob-committed-block-count": "0", "content-encoding": "utf-8"}
            if appended
            else {}
        ),
        **{f"x-ms-meta-{name}": value for name, value in known["metadata"].items()},
    }
