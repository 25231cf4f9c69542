"""Tokens of the registries of an emulator, asked for as a recorded client has asked."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode

from tests.emulated import Emulated

FORM = {"Content-Type": "application/x-www-form-urlencoded"}

_REPOSITORY = re.compile(r"/(?:v2|acr/v1)/(.+?)/(?:blobs|manifests|tags|_)")


def login(azure: Emulated, host: str, path: str) -> dict[str, str]:
    """The header that opens `path` of the registry at `host`."""
    repository = _REPOSITORY.match(path)
    actions = "pull,push,delete,metadata_read,metadata_write"
    scope = f"repository:{repository[1]}:{actions}" if repository else "registry:catalog:*"
    asked = {
        "grant_type": "refresh_token",
        "service": host,
        "scope": scope,
        "refresh_token": refresh_token(azure, host),
    }
    answer = _post(azure, host, "token", asked)
    return {"Authorization": f"Bearer {answer['access_token']}"}


def form(azure: Emulated, host: str, body: str) -> bytes:
    """A recorded request for a token, with tokens of here."""
    asked = dict(parse_qsl(body))
    asked["service"] = host
    if "access_token" in asked:
        asked["access_token"] = azure.token()
    if "refresh_token" in asked:
        asked["refresh_token"] = refresh_token(azure, host)
    return urlencode(asked).encode()


def refresh_token(azure: Emulated, host: str) -> str:
    asked = {"grant_type": "access_token", "service": host, "access_token": azure.token()}
    return _post(azure, host, "exchange", asked)["refresh_token"]


def _post(azure: Emulated, host: str, word: str, asked: dict[str, str]) -> dict[str, str]:
    content = urlencode(asked).encode()
    answer = azure.ask("POST", f"https://{host}/oauth2/{word}", content, headers=FORM)
    return dict(answer.json)
