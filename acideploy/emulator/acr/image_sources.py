"""Where an import takes its images from: a registry of the emulator, or any other."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import requests

from acideploy.emulator.acr.data.errors import RegistryError
from acideploy.emulator.acr.data.registry import RegistryData

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS = (
    *INDEXES,
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_HUB = ("docker.io", "index.docker.io", "registry.hub.docker.com", "hub.docker.com")
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_CHUNK = 2**20
# Connecting, and the silence between two parts of an answer. Seconds.
_TIMEOUT = (15, 60)


class ImportFailure(Exception):
    """An import cannot be done: the HTTP status and the error code of its result."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Manifest:
    digest: str
    media_type: str
    body: bytes


class ImageSource(Protocol):
    """A repository to read. All raise ImportFailure."""

    async def manifest(self, reference: str) -> Manifest:
        """By tag or digest."""

    def blob(self, digest: str) -> AsyncIterator[bytes]:
        """The bytes of a blob, in parts; whoever reads them checks them."""


@dataclass(frozen=True)
class OwnRepository:
    """A repository of a registry of the emulator."""

    content: RegistryData
    name: str

    async def manifest(self, reference: str) -> Manifest:
        try:
            found = self.content.manifest(self.name, reference)
        except RegistryError as error:
            raise _not_found(self.name, reference) from error
        return Manifest(digest=found.digest, media_type=found.media_type, body=found.body)

    def blob(self, digest: str) -> AsyncIterator[bytes]:
        return self.content.read_blob(self.name, digest)


class RemoteRepository:
    """A repository of a registry that speaks OCI distribution 1.1 over HTTPS.

    `ca` is a file with the authorities to trust; None: those of this machine.
    """

    def __init__(
        self, server: str, name: str, *, credentials: tuple[str, str] | None, ca: str | None
    ) -> None:
        self._server = server
        self._name = name
        host = "registry-1.docker.io" if server in _HUB else server
        if server in _HUB and "/" not in name:
            name = f"library/{name}"
        self._url = f"https://{host}/v2/{name}"
        self._credentials = credentials
        self._session = requests.Session()
        self._verify: str | bool = ca or True
        self._authorization: str | None = None

    async def manifest(self, reference: str) -> Manifest:
        accept = {"Accept": ", ".join(_MANIFESTS)}
        answer = await asyncio.to_thread(self._get, f"/manifests/{reference}", accept)
        digest = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
        if reference.startswith("sha256:") and reference != digest:
            message = f"{self._server} gave a manifest other than {reference}"
            raise ImportFailure(400, "ManifestInvalid", message)
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        return Manifest(digest=digest, media_type=media_type, body=answer.content)

    async def blob(self, digest: str) -> AsyncIterator[bytes]:
        answer = await asyncio.to_thread(self._get, f"/blobs/{digest}", {})
        with answer:
            parts = answer.iter_content(_CHUNK)
            try:
                while part := await asyncio.to_thread(next, parts, b""):
                    yield part
            except requests.RequestException as error:
                raise self._unreachable(error) from error

    def _get(self, path: str, headers: dict[str, str]) -> requests.Response:
        """Sends a request, and signs in when that is asked for. Follows redirects to storage."""
        answer = self._send(self._url + path, headers)
        if answer.status_code == 401:
            self._sign_in(answer.headers.get("www-authenticate", ""))
            answer = self._send(self._url + path, headers)
        if answer.ok:
            return answer
        if answer.status_code in (401, 403):
            message = f"{self._server} does not let the given credentials read {self._name}"
            raise ImportFailure(403, "SourceRegistryUnauthorized", message)
        if answer.status_code == 404:
            raise _not_found(f"{self._server}/{self._name}", path.rpartition("/")[2])
        message = f"{self._server} answered {answer.status_code} for {self._name}"
        raise ImportFailure(400, "SourceRegistryFailed", message)

    def _send(self, url: str, headers: dict[str, str]) -> requests.Response:
        signed = {"Authorization": self._authorization} if self._authorization else {}
        try:
            return self._session.get(
                url,
                headers={**headers, **signed},
                stream=True,
                verify=self._verify,
                timeout=_TIMEOUT,
            )
        except requests.RequestException as error:
            raise self._unreachable(error) from error

    def _sign_in(self, challenge: str) -> None:
        """https://distribution.github.io/distribution/spec/auth/token/"""
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic" and self._credentials:
            request = requests.Request("GET", self._url, auth=self._credentials).prepare()
            self._authorization = str(request.headers["Authorization"])
            return
        parameters = dict(_PARAMETER.findall(rest))
        realm = parameters.get("realm", "")
        if scheme.lower() != "bearer" or not realm.startswith("https://"):
            return
        query = {
            "service": parameters.get("service", ""),
            "scope": parameters.get("scope") or f"repository:{self._name}:pull",
        }
        try:
            answer = self._session.get(
                realm, params=query, auth=self._credentials, verify=self._verify, timeout=_TIMEOUT
            )
            tokens = answer.json() if answer.ok else {}
        except (requests.RequestException, ValueError) as error:
            raise self._unreachable(error) from error
        if token := tokens.get("access_token") or tokens.get("token"):
            self._authorization = f"Bearer {token}"

    def _unreachable(self, error: Exception) -> ImportFailure:
        message = f"the registry {self._server} cannot be reached: {error}"
        return ImportFailure(400, "SourceRegistryUnreachable", message)


def _not_found(name: str, reference: str) -> ImportFailure:
    return ImportFailure(
        404, "ImageNotFound", f"The source image {name} with {reference} could not be found."
    )
