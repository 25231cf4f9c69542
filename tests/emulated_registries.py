"""Registries in an emulator, and images in them, for tests."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from base64 import b64encode
from typing import Any

from tests.emulated import Answer, Emulated

OCI = "application/vnd.oci.image"
PROVIDER = "providers/Microsoft.ContainerRegistry"


def registry_path(name: str, *, group: str = "rg") -> str:
    return f"resourceGroups/{group}/{PROVIDER}/registries/{name}"


def make_registry(
    azure: Emulated,
    name: str = "models",
    *,
    version: str = "2026-09-01-preview",
    sku: str = "Standard",
    group: str = "rg",
    **properties: Any,
) -> dict[str, Any]:
    """A registry in a group of its own making; returns what the answer says of it."""
    azure.make_group(group)
    body = {"location": "westus", "sku": {"name": sku}, "properties": properties}
    answer = azure.arm("PUT", registry_path(name, group=group), body, version=version)
    assert answer.status in (200, 201), answer.body
    document: dict[str, Any] = answer.json
    return document


def admin_login(azure: Emulated, name: str = "models") -> tuple[str, str]:
    """The name and the first password of a registry's administrator."""
    answer = azure.arm("POST", registry_path(name) + "/listCredentials", version="2023-07-01")
    assert answer.status == 200, answer.body
    return answer.json["username"], answer.json["passwords"][0]["value"]


def basic(login: tuple[str, str]) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(':'.join(login).encode()).decode()}"}


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def small_image(text: str = "hello\n") -> tuple[dict[str, Any], dict[str, bytes]]:
    """An image with one file, and its blobs by digest."""
    layer = tar({"hello.txt": text.encode()})
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]},
        }
    ).encode()
    blobs = {digest_of(each): each for each in (config, layer)}
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{OCI}.manifest.v1+json",
        "config": descriptor(f"{OCI}.config.v1+json", config),
        "layers": [descriptor(f"{OCI}.layer.v1.tar", layer)],
    }
    return manifest, blobs


def descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def tar(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()


def push_image(azure: Emulated, server: str, login: tuple[str, str], name: str, tag: str) -> str:
    """Pushes a small image as clients do; returns the digest of its manifest."""
    manifest, blobs = small_image()
    for digest, content in blobs.items():
        begun = azure.ask(
            "POST", f"/v2/{name}/blobs/uploads/", b"", headers=basic(login), host=server
        )
        assert begun.status == 202, begun.body
        location = begun.headers["location"]
        place = f"{location}{'&' if '?' in location else '?'}digest={digest}"
        done = azure.ask("PUT", place, content, headers=basic(login), host=server)
        assert done.status == 201, done.body
    return put_manifest(azure, server, login, name, tag, manifest)


def put_manifest(
    azure: Emulated,
    server: str,
    login: tuple[str, str],
    name: str,
    reference: str,
    manifest: dict[str, Any],
) -> str:
    body = json.dumps(manifest).encode()
    headers = {**basic(login), "Content-Type": manifest["mediaType"]}
    answer = azure.ask(
        "PUT", f"/v2/{name}/manifests/{reference}", body, headers=headers, host=server
    )
    assert answer.status == 201, answer.body
    return digest_of(body)


def get_manifest(
    azure: Emulated, server: str, login: tuple[str, str], name: str, reference: str
) -> Answer:
    accept = {"Accept": f"{OCI}.manifest.v1+json, {OCI}.index.v1+json"}
    return azure.ask(
        "GET", f"/v2/{name}/manifests/{reference}", headers={**basic(login), **accept}, host=server
    )
