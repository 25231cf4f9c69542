"""A question to the public price list, which nobody waits for longer than two seconds."""

from __future__ import annotations

import os
import queue
import ssl
import threading
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlencode

ADDRESS = "https://prices.azure.com/api/retail/prices"
ADDRESS_VARIABLE = "ACIDEPLOY_RETAIL_PRICES"
# Where requests looks for the certificates to trust.
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SECONDS = 2.0


def fetch_prices(chosen: str, *, seconds: float = _SECONDS) -> bytes:
    """What the list says of the prices that the filter `chosen` leaves.

    Raises OSError, HTTPException or ValueError: there is no answer, or no such address.
    """
    url = f"{os.environ.get(ADDRESS_VARIABLE) or ADDRESS}?{urlencode({'$filter': chosen})}"
    return _within(seconds, lambda: _get(url, seconds))


def _get(url: str, seconds: float) -> bytes:
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{url} is no address of a price list")
    # Proxies are those of the environment.
    handler = urllib.request.HTTPSHandler(context=_trust())
    with urllib.request.build_opener(handler).open(url, timeout=seconds) as answer:
        content: bytes = answer.read()
        return content


def _trust() -> ssl.SSLContext:
    named = next((os.environ[each] for each in _BUNDLES if os.environ.get(each)), None)
    if named is None:
        return ssl.create_default_context()
    if Path(named).is_dir():
        return ssl.create_default_context(capath=named)
    return ssl.create_default_context(cafile=named)


def _within(seconds: float, get: Callable[[], bytes]) -> bytes:
    """What `get` returns. Looking up a name takes no time limit, so it is left to itself then."""
    answers: queue.Queue[bytes | Exception] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(get())
        except (OSError, HTTPException, ValueError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="prices", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("the price list does not answer in time") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
