"""Where sources are uploaded and logs are read: signed addresses of blobs, and their files."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from acideploy.emulator.cloud import Cloud
from acideploy.emulator.store import Document

SITE = "tasks-storage"
# With a host of this kind the first word of a path is the account.
ACCOUNT = "emumanaged1"
_VERSION = "2018-03-28"


@dataclass(frozen=True)
class Blob:
    """A blob as a file, with what is known about it in a file beside it."""

    path: Path

    @property
    def _properties(self) -> Path:
        return self.path.with_name(self.path.name + ".properties")

    def properties(self) -> Document | None:
        """`type`, `contentType`, `metadata`, `modified`; None when there is no such blob."""
        try:
            known: Document = json.loads(self._properties.read_text())
        except FileNotFoundError:
            return None
        return known

    def describe(
        self,
        *,
        type: str,
        content_type: str,
        modified: datetime,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Notes what a blob is; its file is made when it is missing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()
        described = {
            "type": type,
            "contentType": content_type,
            "metadata": dict(metadata or {}),
            "modified": modified.isoformat(),
            "etag": f"0x8D{secrets.token_hex(6).upper()}",
        }
        part = self._properties.with_suffix(".part")
        part.write_text(json.dumps(described))
        part.replace(self._properties)

    def append(self, text: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(text)


class TaskStorage:
    """The blobs of all registries' tasks; each registry has a container of its own."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._directory = cloud.directory / SITE
        known = cloud.store.get("tasks storage", "key")
        if known is None:
            known = {"key": secrets.token_hex(32)}
            cloud.store.put("tasks storage", "key", known)
        self._key = bytes.fromhex(known["key"])

    def blob(self, container: str, name: str) -> Blob:
        """A blob by its name, `logs/cf1/rawtext.log`. Raises ValueError for no name of a blob."""
        words = [container, *name.split("/")]
        if any(word in ("", ".", "..") or "\0" in word or "\\" in word for word in words):
            raise ValueError(f"{name!r} cannot be the name of a blob")
        return Blob(self._directory.joinpath(*words))

    def url(self, container: str, name: str, *, permissions: str, minutes: int) -> str:
        """An address that is good for a while; `permissions` as `cw` or `r`."""
        path = f"/{ACCOUNT}/{container}/{name}"
        end = f"{self._cloud.clock.client_now() + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"
        signature = quote(self._signature(path, end, permissions), safe="")
        return (
            f"https://{self._cloud.sites.address(SITE)}{path}?sv={_VERSION}&sr=b&sig={signature}"
            f"&se={quote(end, safe='')}&sp={permissions}"
        )

    def refusal(self, path: str, query: Mapping[str, str], wanted: str) -> str | None:
        """The error code for a request whose address does not allow one of `wanted`."""
        end, permissions = query.get("se", ""), query.get("sp", "")
        signature = self._signature(path, end, permissions)
        if not hmac.compare_digest(signature.encode(), query.get("sig", "").encode()):
            return "AuthenticationFailed"
        if f"{self._cloud.clock.client_now():%Y-%m-%dT%H:%M:%SZ}" >= end:
            return "AuthenticationFailed"
        if not set(permissions) & set(wanted):
            return "AuthorizationPermissionMismatch"
        return None

    def _signature(self, path: str, end: str, permissions: str) -> str:
        signed = "\n".join((_VERSION, path, end, permissions)).encode()
        return base64.b64encode(hmac.digest(self._key, signed, "sha256")).decode()


def container_of(registry: Document) -> str:
    """`{32 hexadecimal digits}-{10 letters}`, for a registry as long as it lives."""
    made = f"{registry['id'].lower()} {registry['properties']['creationDate']}"
    digest = hashlib.sha256(made.encode()).hexdigest()
    return f"{digest[:32]}-{digest[32:42]}"
