"""A registry of the emulator, with users of the test's own, and requests to it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from acideploy.emulator.acr.data.registry import RegistryData, Scopes
from acideploy.emulator.sites import Sites
from tests.emulated import Answer, Emulated

ADMIN = ("testregistry", "admin-password")
OCI = "application/vnd.oci.image"
MANIFEST = f"{OCI}.manifest.v1+json"
INDEX = f"{OCI}.index.v1+json"
CONFIGURATION = b'{"architecture":"amd64","os":"linux"}'
LAYER = b"a layer"


@dataclass
class Users:
    """The identities of the registry, as the control plane would know them."""

    name: str
    sites: Sites
    tokens: dict[tuple[str, str], Scopes] = field(default_factory=dict)
    anonymous_pull: bool = False

    @property
    def login_server(self) -> str:
        return self.sites.address(f"registry:{self.name}")

    def admin(self, username: str, password: str) -> bool:
        return (username, password) == ADMIN

    def token(self, username: str, password: str) -> Scopes | None:
        return self.tokens.get((username, password))


@dataclass(frozen=True)
class EmulatedRegistry:
    azure: Emulated
    content: RegistryData
    users: Users

    @property
    def host(self) -> str:
        return self.users.login_server

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        user: tuple[str, str] | None = ADMIN,
        token: str | None = None,
    ) -> Answer:
        """A request as it stands, signed in by password, by `token`, or not at all."""
        sent = {"Content-Type": "application/octet-stream", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        elif user:
            sent["Authorization"] = basic(*user)
        return self.azure.ask(method, path, body, headers=sent, host=self.host)

    def sign_in(self, path: str, **form: str) -> Answer:
        """`/oauth2/...`, with a form."""
        body = urlencode({"service": self.host, **form}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, body, headers=headers, user=None)

    def refresh_token(self) -> str:
        entra = self.azure.token("https://containerregistry.azure.net")
        answer = self.sign_in("/oauth2/exchange", grant_type="access_token", access_token=entra)
        return str(answer.json["refresh_token"])

    def access_token(self, scope: str) -> str:
        answer = self.sign_in(
            "/oauth2/token",
            grant_type="refresh_token",
            scope=scope,
            refresh_token=self.refresh_token(),
        )
        return str(answer.json["access_token"])

    def push_blob(self, repository: str, content: bytes) -> str:
        digest = digest_of(content)
        begun = self.ask("POST", f"/v2/{repository}/blobs/uploads/", b"")
        answer = self.ask("PUT", f"{begun.headers['location']}&digest={digest}", content)
        assert answer.status == 201, answer.body
        return digest

    def push_manifest(
        self, repository: str, reference: str | None, content: Mapping[str, Any]
    ) -> Answer:
        """Under a reference, or its digest."""
        body = json.dumps(content).encode()
        path = f"/v2/{repository}/manifests/{reference or digest_of(body)}"
        return self.ask("PUT", path, body, headers={"Content-Type": content["mediaType"]})

    def push(self, repository: str, *tags: str, **members: Any) -> str:
        """An image of one layer; returns its digest. `members` are further ones of its manifest."""
        self.push_blob(repository, CONFIGURATION)
        self.push_blob(repository, LAYER)
        digest = ""
        for tag in tags or (None,):
            answer = self.push_manifest(repository, tag, image(**members))
            assert answer.status == 201, answer.body
            digest = answer.headers["docker-content-digest"]
        return digest

    def pull(self, repository: str, reference: str) -> Answer:
        return self.ask("GET", f"/v2/{repository}/manifests/{quote(reference)}")


def open_registry(azure: Emulated, name: str = "testregistry") -> EmulatedRegistry:
    users = Users(name, azure.cloud.sites)

    async def start() -> RegistryData:
        content = RegistryData(azure.cloud, name, identities=users)
        await content.open()
        return content

    return EmulatedRegistry(azure, azure.act(start), users)


def image(**members: Any) -> dict[str, Any]:
    """The manifest of CONFIGURATION and LAYER."""
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIGURATION, f"{OCI}.config.v1+json"),
        "layers": [descriptor(LAYER, f"{OCI}.layer.v1.tar")],
        **members,
    }


def descriptor(content: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
