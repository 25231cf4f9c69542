"""Blobs of a storage account, read: listed, and downloaded in parts.

https://learn.microsoft.com/rest/api/storageservices/list-blobs and get-blob
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from azure.core import PipelineClient
from azure.core.exceptions import AzureError as SdkError
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import UserAgentPolicy
from azure.core.rest import HttpRequest, HttpResponse

from acideploy.azure.blob_access import Access, SharedAccess, authorised
from acideploy.azure.blob_list import StoredBlob, md5_of, read_page
from acideploy.azure.refusal import refusal, unanswered
from acideploy.clock import Clock
from acideploy.errors import AcideployError, AzureError
from acideploy.observe import retried
from acideploy.registry.acr.transport import Transport, open_transport

T = TypeVar("T")

_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
_LONGEST_WAIT = 120.0
_NOT_ALLOWED = (401, 403)
# To a token that is none: 400 or 401.
_NO_LOGIN = "InvalidAuthenticationInfo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """`url` ends without a slash: `https://contoso.blob.core.windows.net/models`."""

    account: str
    url: str


class BlobReader:
    """The blobs of a container. Each of `ways` to be let in is tried until one is accepted.

    A way may raise AzureError where it cannot be had. `page` is how many blobs are listed at a
    time. Every method may raise AzureError. Safe for threads once something was listed or found.
    """

    def __init__(
        self,
        container: Container,
        *,
        ways: Sequence[Callable[[], Access]],
        clock: Clock,
        transport: Transport | None = None,
        page: int = 5000,
    ) -> None:
        self._container = container
        self._page = page
        self._ways = list(ways)
        self._access: Access | None = None
        self._clock = clock
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            container.url,
            policies=[UserAgentPolicy(base_user_agent="acideploy")],
            transport=transport or open_transport(),
        )

    @property
    def account(self) -> str:
        return self._container.account

    def list(self, prefix: str) -> Iterator[StoredBlob]:
        """The blobs whose names begin with `prefix`, but for the marks that folders leave."""
        marker = ""
        while True:
            # `metadata` tells such marks from files.
            query = {"restype": "container", "comp": "list", "include": "metadata"}
            query |= {"prefix": prefix, "maxresults": str(self._page)}
            query |= {"marker": marker} if marker else {}
            url = f"{self._container.url}?{urlencode(query, quote_via=quote)}"
            _, content = self._let_in("GET", url)
            found, marker = read_page(content)
            yield from found
            if not marker:
                return

    def find(self, name: str) -> StoredBlob | None:
        """The blob of that name; None where there is none."""
        url = self._url(name)
        try:
            headers, _ = self._let_in("HEAD", url)
        except AzureError as error:
            if error.status == 404:
                return None
            raise
        if headers.get("x-ms-meta-hdi_isfolder") == "true":
            return None
        return StoredBlob(
            name=name,
            size=int(headers["content-length"]),
            etag=headers["etag"],
            md5=md5_of(headers.get("content-md5")),
        )

    def chunks(self, blob: StoredBlob) -> Iterator[bytes]:
        """The bytes of a blob. What breaks off is taken up where it broke."""
        size, digest = 0, hashlib.md5(usedforsecurity=False)
        while size < blob.size:
            before, failure = size, None
            response = self._open(blob, size)
            try:
                for chunk in response.iter_raw():
                    size += len(chunk)
                    digest.update(chunk)
                    yield chunk
            except SdkError as error:
                failure = self._unanswered(error)
            finally:
                response.close()
            if size == before:
                raise failure or _damaged(self._container, blob)
        if size != blob.size or blob.md5 not in (None, digest.digest()):
            raise _damaged(self._container, blob)

    def _open(self, blob: StoredBlob, start: int) -> HttpResponse:
        # Another blob of that name is not gone on with.
        ranged = {"If-Match": blob.etag, "Range": f"bytes={start}-"}
        return self._retried(lambda: self._answer("GET", self._url(blob.name), ranged))

    def _read(self, method: str, url: str) -> tuple[dict[str, str], bytes]:
        response = self._answer(method, url, {})
        try:
            content = response.read()
        except SdkError as error:
            raise self._unanswered(error) from error
        return {name.lower(): value for name, value in response.headers.items()}, content

    def _answer(self, method: str, url: str, headers: dict[str, str]) -> HttpResponse:
        assert self._access
        signed = authorised(
            self._access,
            method,
            url,
            headers,
            account=self._container.account,
            now=self._clock.now(),
        )
        request = HttpRequest(method, signed.url, headers=dict(signed.headers))
        try:
            response = self._client.send_request(request, stream=True)
            if response.status_code >= 400:
                response.read()
                raise HttpResponseError(response=response)
        except HttpResponseError as error:
            raise _refused(error, method, url) from error
        except SdkError as error:
            raise self._unanswered(error) from error
        return response

    def _let_in(self, method: str, url: str) -> tuple[dict[str, str], bytes]:
        """Headers and body, by the first way that is accepted. Raises the first refusal."""

        def attempt() -> tuple[dict[str, str], bytes]:
            return self._retried(lambda: self._read(method, url))

        if self._access:
            return attempt()
        refused: AzureError | None = None
        for way in self._ways:
            try:
                self._access = way()
                return attempt()
            except AzureError as error:
                if not _is_of_access(error):
                    raise
                self._access = None
                refused = refused or error
        raise refused or AzureError(f"there is no way to read {url}")

    def _retried(self, attempt: Callable[[], T]) -> T:
        return retried(attempt, clock=self._clock, pauses=_PAUSES, after=_wait_for)

    def _unanswered(self, error: SdkError) -> AzureError:
        reason = str(error)
        if isinstance(self._access, SharedAccess):
            # Some libraries tell the whole address.
            reason = reason.replace(self._access.query.lstrip("?"), "...")
        return unanswered(reason, self._container.url)

    def _url(self, name: str) -> str:
        return f"{self._container.url}/{quote(name)}"


def _is_of_access(error: AzureError) -> bool:
    """Whether another way to be let in may help: there was no login, or it is not accepted."""
    if error.status is None:
        return error.hint == "az login"
    return error.status in _NOT_ALLOWED or error.code == _NO_LOGIN


def _refused(error: HttpResponseError, method: str, url: str) -> AzureError:
    """As `refusal` has it, with the code that storage puts into a header."""
    response: Any = error.response
    told = refusal(response, method, url.partition("?")[0])
    code = response.headers.get("x-ms-error-code")
    return AzureError(
        told.message,
        hint=None if told.status in _NOT_ALLOWED else told.hint,
        detail=code,
        status=told.status,
        code=code,
        temporary=told.temporary,
        retry_after=told.retry_after,
    )


def _damaged(container: Container, blob: StoredBlob) -> AzureError:
    return AzureError(
        f"blob {blob.name} of {container.url} is not what the service says of it",
        hint="run this again",
    )


def _wait_for(error: AcideployError) -> float | None:
    if not isinstance(error, AzureError) or not error.temporary:
        return None
    least = error.retry_after or 0.0
    return least if least <= _LONGEST_WAIT else None
