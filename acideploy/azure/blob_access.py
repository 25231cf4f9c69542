"""How a request to a storage account says who sends it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

from acideploy.errors import AzureError

# Any from 2017-11-09 on takes tokens.
_VERSION = "2021-12-02"
# What a signature is of besides, in its order.
# https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
_SIGNED = (
    *("Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type"),
    *("Date", "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """`token` gives an Entra token for storage that is still good."""

    token: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AccountKey:
    """One of the two keys of an account, in base64."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SharedAccess:
    """A query that gives permission by itself."""

    query: str


Access: TypeAlias = Bearer | AccountKey | SharedAccess


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Authorised:
    url: str
    headers: Mapping[str, str]


def authorised(
    access: Access,
    method: str,
    url: str,
    headers: Mapping[str, str],
    *,
    account: str,
    now: datetime,
) -> Authorised:
    """The URL and the headers of a request without a body, with what lets it in."""
    date = format_datetime(now.astimezone(timezone.utc), usegmt=True)
    dated = {**headers, "x-ms-date": date, "x-ms-version": _VERSION}
    if isinstance(access, Bearer):
        return Authorised(url=url, headers={**dated, "Authorization": f"Bearer {access.token()}"})
    if isinstance(access, AccountKey):
        signature = _signature(access.key, _to_sign(method, url, dated, account))
        return Authorised(
            url=url, headers={**dated, "Authorization": f"SharedKey {account}:{signature}"}
        )
    joint = "&" if "?" in url else "?"
    return Authorised(url=f"{url}{joint}{access.query.lstrip('?')}", headers=dated)


def _to_sign(method: str, url: str, headers: Mapping[str, str], account: str) -> str:
    parts = urlsplit(url)
    ours = sorted((name, value) for name, value in headers.items() if name.startswith("x-ms-"))
    query = sorted((name.lower(), value) for name, value in parse_qsl(parts.query))
    lines = [
        method,
        *(headers.get(name, "") for name in _SIGNED),
        *(f"{name}:{value}" for name, value in ours),
        f"/{account}{parts.path}",
        *(f"{name}:{value}" for name, value in query),
    ]
    return "\n".join(lines)


def _signature(key: str, text: str) -> str:
    try:
        secret = base64.b64decode(key)
    except binascii.Error:
        raise AzureError(
            "the key of the storage account is no key",
            hint="mend the datastore's credentials: az ml datastore update",
        ) from None
    return base64.b64encode(hmac.digest(secret, text.encode(), hashlib.sha256)).decode()
