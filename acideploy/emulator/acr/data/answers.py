"""The shape of a registry's answers: JSON, headers, pages of lists."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from acideploy.emulator.acr.data.errors import RegistryError, page_invalid
from acideploy.emulator.cloud import http_time, new_id

JSON = "application/json; charset=utf-8"
_EXPOSED = ("Docker-Content-Digest", "WWW-Authenticate", "Link", "X-Ms-Correlation-Request-Id")
_SECURITY = ("strict-transport-security", "max-age=31536000; includeSubDomains")
_COUNT = re.compile(r"[0-9]{1,9}")
Item = TypeVar("Item")


def json_answer(
    content: Any, status: int = 200, *, headers: Mapping[str, str] | None = None
) -> Response:
    text = json.dumps(content, separators=(",", ":"))
    return Response(text, status, headers, media_type=JSON)


def error_answer(error: RegistryError) -> Response:
    text = json.dumps(error.body, separators=(",", ":")) + "\n"
    return Response(text, error.status, error.headers, media_type=JSON)


def dress(request: Request, response: Response, now: datetime) -> None:
    """Adds the headers that all answers have; those of the sign-in have fewer."""
    lines = [
        ("server", "openresty"),
        ("date", http_time(now)),
        ("connection", "keep-alive"),
        ("x-ms-correlation-request-id", new_id()),
        # Sent twice, as there.
        _SECURITY,
        _SECURITY,
    ]
    if request.scope["path"].startswith("/oauth2/"):
        lines.append(("x-ms-ratelimit-remaining-calls-per-second", "166.65"))
    else:
        lines += [("access-control-expose-headers", name) for name in _EXPOSED]
        lines += [
            ("docker-distribution-api-version", "registry/2.0"),
            ("x-content-type-options", "nosniff"),
        ]
        if request.method == "DELETE":
            lines.append(("x-ms-ratelimit-remaining-calls-per-second", "8.000000"))
        # Neither a refusal nor the way to the storage has asked the storage anything.
        if response.status_code not in (307, 401):
            lines.append(("x-ms-request-id", new_id()))
            if given := request.headers.get("x-ms-client-request-id"):
                lines.append(("x-ms-client-request-id", given))
    response.raw_headers += [(name.encode(), value.encode()) for name, value in lines]


def lexical(name: str) -> tuple[str, str]:
    """A key to sort names by: lists are in "case-insensitive alphanumeric order"."""
    return name.lower(), name


def page(
    request: Request,
    items: Sequence[Item],
    *,
    key: Callable[[Item], str],
    path: str,
    default: int | None = None,
    order: str | None = None,
) -> tuple[Sequence[Item], dict[str, str]]:
    """The items after `last`, `n` at the most, and the header that leads to the rest.

    `default` is the number when none is given: None for all. `order` is repeated in the link.
    """
    text, last = request.query_params.get("n", ""), request.query_params.get("last", "")
    if text and not _COUNT.fullmatch(text):
        raise page_invalid(text)
    count = int(text) if text else default
    names = [key(item) for item in items]
    if last in names:
        items = items[names.index(last) + 1 :]
    elif last:
        items = [item for item in items if lexical(key(item)) > lexical(last)]
    if count is None or count >= len(items):
        return items, {}
    shown = items[:count]
    if not shown:
        return shown, {}
    following = f"{path}?last={quote(key(shown[-1]), safe='')}&n={count}"
    following += "" if order is None else f"&orderby={quote(order)}"
    return shown, {"link": f'<{following}>; rel="next"'}
