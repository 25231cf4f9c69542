"""An answer of the standard library's HTTP client, as the SDK takes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, MutableMapping
from http.client import HTTPException, HTTPResponse
from typing import Any

from azure.core.exceptions import HttpResponseError, IncompleteReadError, ServiceResponseError
from azure.core.rest import HttpRequest, HttpResponse
from azure.core.utils import case_insensitive_dict

_CHUNK = 1 << 18


class Answer(HttpResponse):
    """`release` is called once, with whether another request may follow on the connection."""

    encoding: str | None = None

    def __init__(
        self, request: HttpRequest, raw: HTTPResponse, *, release: Callable[[bool], None]
    ) -> None:
        self._request = request
        self._raw = raw
        self._release = release
        self._is_closed = False
        self._content: bytes | None = None
        # A header that is given twice is one with a comma.
        self._headers: MutableMapping[str, str] = case_insensitive_dict(
            {name: ", ".join(raw.headers.get_all(name, ())) for name in raw.headers}
        )

    @property
    def request(self) -> HttpRequest:
        return self._request

    @property
    def url(self) -> str:
        return self._request.url

    @property
    def status_code(self) -> int:
        return self._raw.status

    @property
    def reason(self) -> str:
        return self._raw.reason

    @property
    def headers(self) -> MutableMapping[str, str]:
        return self._headers

    @property
    def content_type(self) -> str | None:
        return self._headers.get("Content-Type")

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    @property
    def is_stream_consumed(self) -> bool:
        return self._is_closed

    @property
    def content(self) -> bytes:
        return self.read()

    def text(self, encoding: str | None = None) -> str:
        return self.read().decode(encoding or self.encoding or "utf-8-sig")

    def json(self) -> Any:
        return json.loads(self.text())

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise HttpResponseError(response=self)

    def read(self) -> bytes:
        """All of the body, also when it is asked for again."""
        if self._content is None:
            self._content = b"".join(self.iter_raw())
        return self._content

    def iter_raw(self, **kwargs: Any) -> Iterator[bytes]:
        try:
            while chunk := self._raw.read(_CHUNK):
                yield chunk
        except (OSError, HTTPException) as error:
            raise ServiceResponseError(error, error=error) from error
        finally:
            left = self._raw.length
            self.close()
        if left:
            raise IncompleteReadError(f"the answer broke off: {left} bytes are missing")

    def iter_bytes(self, **kwargs: Any) -> Iterator[bytes]:
        # Nothing else was asked for with Accept-Encoding.
        return self.iter_raw()

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._release(self._raw.isclosed() and not self._raw.will_close)

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()
