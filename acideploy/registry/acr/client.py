"""The requests of a registry, by azure-containerregistry.

https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md. The SDK's public layer
cannot ask whether a blob is there, mount one, or send one in one piece; the generated layer below
it can. This is the one file that uses that, and a test fails when a release changes what is used.
The SDK's retries, redirections and challenges are left out: they send a body twice, and get a new
token for every request.

Every method raises AzureError, for every status that it does not name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from azure.containerregistry import ContainerRegistryClient
from azure.core import PipelineClient
from azure.core.exceptions import AzureError, DecodeError, DeserializationError, HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import ContentDecodePolicy, UserAgentPolicy
from azure.core.rest import HttpRequest, HttpResponse

from acideploy.clock import Clock
from acideploy.registry import Manifest
from acideploy.registry.acr.authorisation import Authorisation
from acideploy.registry.acr.refusal import refusal
from acideploy.registry.acr.transport import open_transport
from acideploy.registry.authentication import Login, Password, Tokens
from acideploy.registry.body import Body, Stream

_PAGE = 1000
# To where blobs are stored.
_REDIRECTIONS = (301, 302, 303, 307, 308)
_ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)


class Client:
    """One registry, at `host`. Safe for threads."""

    def __init__(self, host: str, *, login: Login, clock: Clock) -> None:
        self._host = host
        self._url = f"https://{host}"
        transport = open_transport()
        agent = UserAgentPolicy("acideploy")
        # Without our tokens: for the service that gives them, and for storage elsewhere.
        self._open: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            self._url, policies=[agent], transport=transport
        )
        self._tokens = Tokens(host, login, send=self._send_form, clock=clock)
        client = ContainerRegistryClient(
            self._url,
            credential=None,
            policies=[agent, Authorisation(self._tokens), _Decoding()],
            transport=transport,
        )
        layer: Any = client._client
        self._blobs = layer.container_registry_blob
        self._manifests = layer.container_registry
        self._pipeline: PipelineClient[HttpRequest, HttpResponse] = layer._client

    def login(self) -> Password | None:
        """A user and a password, of ours or for our token."""
        return self._tokens.login()

    def find_manifest(self, repository: str, reference: str) -> tuple[Manifest | None, str]:
        """The manifest, None where there is none, and the digest that it ought to have."""
        try:
            response = self._manifests.get_manifest(
                repository, reference, accept=_ACCEPT, cls=_response
            )
            content: bytes = response.read()
        except HttpResponseError as error:
            if error.status_code == 404:
                return None, ""
            raise
        media_type = response.headers.get("Content-Type", "").partition(";")[0]
        manifest = Manifest(content=content, media_type=media_type)
        if ":" in reference:
            return manifest, reference
        return manifest, response.headers.get("Docker-Content-Digest", manifest.digest)

    def put_manifest(self, repository: str, manifest: Manifest, *, reference: str) -> None:
        self._manifests.create_manifest(
            repository, reference, BytesIO(manifest.content), content_type=manifest.media_type
        )

    def delete_manifest(self, repository: str, digest: str) -> None:
        """No error where it is gone already."""
        self._manifests.delete_manifest(repository, digest)

    def delete_repository(self, repository: str) -> None:
        """What only Azure Container Registry knows; no error where there is none, or no such."""
        self._manifests.delete_repository(repository)

    def has_blob(self, repository: str, digest: str) -> bool:
        try:
            self._blobs.check_blob_exists(repository, digest)
        except HttpResponseError as error:
            if error.status_code == 404:
                return False
            raise
        return True

    def mount_blob(self, repository: str, digest: str, *, source: str) -> str | None:
        """None where the blob was mounted; else the upload that the registry offers instead."""
        try:
            self._blobs.mount_blob(repository, from_parameter=source, mount=digest)
        except HttpResponseError as error:
            response: Any = error.response
            if error.status_code == 202:
                return str(response.headers["Location"])
            raise
        return None

    def start_upload(self, repository: str) -> str:
        """Where the blob is to be sent."""
        headers: Mapping[str, str] = self._blobs.start_upload(repository, cls=_headers)
        return headers["Location"]

    def complete_upload(self, upload: str, body: Body | None, *, digest: str) -> None:
        """Sends all of a blob, in one request, or says the digest of what was sent."""
        self._blobs.complete_upload(_relative(upload), body, digest=digest)

    def send_upload(self, upload: str, stream: Stream) -> str:
        """Sends all of a blob, whose digest is said later: to the address that is returned."""
        headers: Mapping[str, str] = self._blobs.upload_chunk(
            _relative(upload), stream, cls=_headers
        )
        return headers["Location"]

    def read_blob(self, repository: str, digest: str, *, offset: int = 0) -> Iterator[bytes]:
        """The bytes of a blob from `offset` on."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        request = HttpRequest("GET", f"{self._url}/v2/{repository}/blobs/{digest}", headers=headers)
        response = self._pipeline.send_request(request, stream=True)
        if response.status_code in _REDIRECTIONS:
            elsewhere = urljoin(request.url, response.headers["Location"])
            response.close()
            request = HttpRequest("GET", elsewhere, headers=headers)
            response = self._open.send_request(request, stream=True)
        if response.status_code not in (200, 206):
            raise HttpResponseError(response=response)
        # A server that knows no ranges begins anew.
        return _without_first(response.iter_raw(), offset if response.status_code == 200 else 0)

    def tags(self, repository: str) -> Iterator[str]:
        """Nothing where there is no such repository."""
        return self._pages(f"/v2/{repository}/tags/list", "tags")

    def repositories(self) -> Iterator[str]:
        return self._pages("/v2/_catalog", "repositories")

    def change_tag(self, repository: str, tag: str, attributes: Mapping[str, bool]) -> None:
        """`writeEnabled`, `deleteEnabled`: what only Azure Container Registry knows."""
        try:
            self._manifests.update_tag_attributes(
                repository, tag, BytesIO(_json(attributes)), content_type="application/json"
            )
        except DeserializationError as error:
            raise DecodeError(str(error)) from error

    def _pages(self, path: str, field: str) -> Iterator[str]:
        link: str | None = f"{path}?{urlencode({'n': _PAGE})}"
        while link:
            response = self._pipeline.send_request(HttpRequest("GET", self._url + link))
            if response.status_code == 404:
                return
            response.raise_for_status()
            yield from _listed(response, field)
            following = re.match(r"<([^>]+)>", response.headers.get("Link", ""))
            link = f"/{_relative(following[1])}" if following else None

    def _send_form(
        self, method: str, url: str, *, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> bytes:
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        body = urlencode(form) if form else None
        request = HttpRequest(method, url, headers={**headers, **kind}, content=body)
        try:
            response = self._open.send_request(request)
            response.raise_for_status()
        except AzureError as error:
            raise refusal(error, self._host, f"log in to {self._host}", reached=True) from error
        return bytes(response.read())


class _Decoding(ContentDecodePolicy):
    """The SDK's, which forgets that bytes need not be text."""

    def on_response(
        self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]
    ) -> None:
        try:
            super().on_response(request, response)
        except UnicodeDecodeError as error:
            raise DecodeError(str(error), response=response.http_response) from error


def _listed(response: HttpResponse, field: str) -> list[str]:
    try:
        return [str(each) for each in response.json()[field] or ()]
    except (ValueError, KeyError, TypeError) as error:
        raise DecodeError(f"there are no {field} in the answer", response=response) from error


def _without_first(chunks: Iterator[bytes], count: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk[count:]
        count = max(0, count - len(chunk))


def _json(attributes: Mapping[str, bool]) -> bytes:
    pairs = (f'"{name}":{str(value).lower()}' for name, value in attributes.items())
    return f"{{{','.join(pairs)}}}".encode()


def _response(response: Any, _: object, __: object) -> HttpResponse:
    found: HttpResponse = response.http_response
    return found


def _headers(_: object, __: object, headers: Mapping[str, str]) -> Mapping[str, str]:
    return headers


def _relative(link: str) -> str:
    """A link on this registry without scheme, host and first slash, as the SDK takes it."""
    parts = urlsplit(link)
    return parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")
