"""JSON over HTTPS to Azure: one request, its answer, and what is told of a refusal.

https://learn.microsoft.com/azure/azure-resource-manager/management/resource-manager-async-operations
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from azure.core import PipelineClient
from azure.core.exceptions import AzureError as SdkError
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import UserAgentPolicy
from azure.core.rest import HttpRequest, HttpResponse

from acideploy.azure.refusal import odd_answer, refusal, unanswered
from acideploy.clock import Clock
from acideploy.errors import AcideployError, AzureError
from acideploy.observe import retried
from acideploy.registry.acr.transport import Transport, open_transport

# Seconds between attempts at a request that fails for now; the service may ask for more.
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
_LONGEST_WAIT = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`headers` has lower-case names. `body` is None where there was none."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Rest:
    """Requests to the service at `endpoint`, whose tokens `token` gives. Safe for threads."""

    def __init__(
        self,
        endpoint: str,
        *,
        token: Callable[[], str] | None,
        clock: Clock,
        transport: Transport | None = None,
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._token = token
        self._clock = clock
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            self.endpoint,
            policies=[UserAgentPolicy(base_user_agent="acideploy")],
            transport=transport or open_transport(),
        )

    def get(self, path: str, version: str) -> Any | None:
        """The resource; None where there is none. Raises AzureError."""
        try:
            body = self.send("GET", path, version).body
        except AzureError as error:
            if error.status == 404:
                return None
            raise
        return _resource(body, self._url(path))

    def list(self, path: str, version: str) -> Iterator[Any]:
        """Every item of a collection, page by page; nothing where the collection is not there."""
        url, page = self._url(path), self.get(path, version)
        while page:
            items = page.get("value") or []
            if not (isinstance(items, list) and all(isinstance(item, dict) for item in items)):
                raise odd_answer(url)
            yield from items
            url = page.get("nextLink") or ""
            page = _resource(self.send("GET", url).body, url) if url else None

    def send(
        self, method: str, path: str, version: str | None = None, *, body: object = None
    ) -> Reply:
        """The answer of a request that succeeded. `path` may be a whole URL. Raises AzureError.

        What may pass by itself (too many requests, a server's error, a lost connection) is tried
        again: every request of ours ends in the same state when it is sent twice.
        """
        url = self._url(path)
        if version:
            url += f"{'&' if '?' in url else '?'}api-version={version}"
        return retried(
            lambda: self._once(method, url, body),
            clock=self._clock,
            pauses=_PAUSES,
            after=_wait_for,
        )

    def _url(self, path: str) -> str:
        return path if path.startswith("https://") else f"{self.endpoint}{path}"

    def _once(self, method: str, url: str, body: object) -> Reply:
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token()}"
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        elif method in ("POST", "PUT"):
            headers["Content-Length"] = "0"
        request = HttpRequest(method, url, headers=headers, content=content)
        try:
            response = self._client.send_request(request)
            text = response.read()
            if response.status_code >= 400:
                raise HttpResponseError(response=response)
            return Reply(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=_read(text, url),
            )
        except HttpResponseError as error:
            # Of an answer that broke off there is nothing to read.
            if error.response is None:
                raise unanswered(str(error), self.endpoint) from error
            raise refusal(error.response, method, url) from error
        except SdkError as error:
            raise unanswered(str(error), self.endpoint) from error


def _read(text: bytes, url: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError as error:
        raise odd_answer(url) from error


def _resource(body: Any, url: str) -> dict[str, Any] | None:
    if body is None or isinstance(body, dict):
        return body
    raise odd_answer(url)


def _wait_for(error: AcideployError) -> float | None:
    if not isinstance(error, AzureError) or not error.temporary:
        return None
    least = error.retry_after or 0.0
    return least if least <= _LONGEST_WAIT else None
