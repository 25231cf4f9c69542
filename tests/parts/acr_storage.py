"""The storage account behind Azure Container Registry: blobs for whoever has a signed address."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlsplit

from tests.parts.http1 import Head
from tests.parts.traffic import Answer, Request

MINUTES = 20


@dataclass(frozen=True)
class Grant:
    """An address that was given out."""

    path: str
    target: str
    ends: float


@dataclass
class Storage:
    """The dress of the storage server: it knows signatures, and no tokens."""

    lifetime: float = MINUTES * 60.0
    _grants: dict[str, Grant] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _account: str = field(default_factory=lambda: secrets.token_hex(16))

    def grant(self, repository: str, digest: str) -> str:
        """An address, host left out, that a blob can be read at until its time is over."""
        code = digest.removeprefix("sha256:")
        place = f"docker/registry/v2/blobs/sha256/{code[:2]}/{code}/data"
        path = f"/{self._account}-{self._account[:10]}//{place}"
        signature = secrets.token_urlsafe(32)
        ends = time.time() + self.lifetime
        grant = Grant(path, f"/v2/{repository}/blobs/{digest}", ends)
        with self._lock:
            self._grants[signature] = grant
        until = quote(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends)), safe="")
        query = f"se={until}&sig={signature}&sp=r&spr=https&sr=b&sv=2016-05-31"
        return f"{path}?{query}&regid={self._account}"

    def answer(self, request: Request) -> Answer | None:
        if request.head.get("authorization") is not None:
            return _refuse(
                400, "InvalidAuthenticationInfo", "Authentication information is not given"
            )
        grant = self._grant(request)
        if grant is None or grant.path != urlsplit(request.head.target).path:
            return _refuse(
                403, "AuthenticationFailed", "Server failed to authenticate the request."
            )
        if grant.ends < time.time():
            return _refuse(403, "AuthenticationFailed", "Signature not valid in the specified time")
        if request.method not in ("GET", "HEAD"):
            return _refuse(403, "AuthorizationPermissionMismatch", "This request is not authorized")
        return None

    def forward(self, request: Request) -> Head:
        grant = self._grant(request)
        assert grant is not None
        return replace(request.head, start=f"{request.method} {grant.target} HTTP/1.1")

    def backward(self, request: Request, head: Head) -> Head:
        dressed = replace(
            head,
            headers=head.without("docker-content-digest", "docker-distribution-api-version"),
        )
        return dressed.with_header("x-ms-blob-type", "AppendBlob")

    def _grant(self, request: Request) -> Grant | None:
        with self._lock:
            return self._grants.get(request.query.get("sig", ""))


def _refuse(status: int, code: str, message: str) -> Answer:
    body = f"<?xml version='1.0' encoding='utf-8'?><Error><Code>{code}</Code><Message>{message}"
    return Answer(
        status=status,
        headers=(("Content-Type", "application/xml"), ("x-ms-error-code", code)),
        body=f"{body}</Message></Error>".encode(),
    )
