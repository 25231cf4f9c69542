"""A registry on this machine, asked as engines ask it (OCI distribution specification)."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from acideploy.emulator.aci.runtime import Credentials, ImageError

_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_SECONDS = 60.0
_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


class ForeignRegistryError(Exception):
    """What answers there does not speak TLS, or has a certificate of somebody else."""


class Registry:
    """Reads from `server`, `localhost:8444`. Blocking; every method raises ImageError."""

    def __init__(
        self, server: str, *, context: ssl.SSLContext, credentials: Credentials | None
    ) -> None:
        self._url = f"https://{server}"
        self._login = _basic(credentials) if credentials else None
        self._authorization: str | None = None
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    def digest(self, repository: str, version: str) -> str:
        """The digest of a manifest. Raises ForeignRegistryError for a registry of others."""
        with self._get(f"/v2/{repository}/manifests/{version}") as answer:
            content: bytes = answer.read()
        return f"sha256:{hashlib.sha256(content).hexdigest()}"

    def manifest(self, repository: str, version: str) -> Any:
        with self._get(f"/v2/{repository}/manifests/{version}") as answer:
            return json.load(answer)

    def blob(self, repository: str, digest: str) -> http.client.HTTPResponse:
        """To be read and closed."""
        return self._get(f"/v2/{repository}/blobs/{digest}")

    def _get(self, path: str) -> http.client.HTTPResponse:
        try:
            return self._ask(self._url + path, self._authorization)
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.UNAUTHORIZED:
                raise _failure(error) from error
            challenge = error.headers.get("WWW-Authenticate", "")
        self._authorization = self._answer_to(challenge)
        try:
            return self._ask(self._url + path, self._authorization)
        except urllib.error.HTTPError as error:
            raise _failure(error) from error

    def _answer_to(self, challenge: str) -> str | None:
        """What to say instead: the login itself, or a token that is given for it."""
        kind, _, rest = challenge.partition(" ")
        if kind.lower() != "bearer":
            return self._login
        asked = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        query = urlencode({name: asked[name] for name in ("service", "scope") if name in asked})
        try:
            with self._ask(f"{asked.get('realm')}?{query}", self._login) as answer:
                given = json.load(answer)
        except urllib.error.HTTPError as error:
            raise _failure(error) from error
        return f"Bearer {given.get('access_token') or given.get('token')}"

    def _ask(self, url: str, authorization: str | None) -> http.client.HTTPResponse:
        request = urllib.request.Request(url, headers={"Accept": ", ".join(_MANIFESTS)})
        if authorization:
            # Not for the storage that blobs are redirected to.
            request.add_unredirected_header("Authorization", authorization)
        try:
            answer: http.client.HTTPResponse = self._opener.open(request, timeout=_SECONDS)
            return answer
        except urllib.error.HTTPError:
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ssl.SSLError):
                raise ForeignRegistryError(str(reason)) from error
            raise ImageError(f"{self._url}: {reason}", inaccessible=False) from error


def _failure(error: urllib.error.HTTPError) -> ImageError:
    with error:
        return ImageError(
            f"{error.url.partition('?')[0]}: {error.code} {error.reason}",
            inaccessible=error.code in _REFUSALS,
        )


def _basic(credentials: Credentials) -> str:
    login = f"{credentials.username}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(login).decode()}"
