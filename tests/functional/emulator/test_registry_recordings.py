"""What Azure's registry answered, asked of the emulator's again.

The recordings are no part of this repository, and leave out most of what was sent before: what a
recorded request needs is put there first.
"""

from __future__ import annotations

import base64
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.emulated import Answer, Emulated
from tests.emulated_registry import EmulatedRegistry, digest_of, open_registry
from tests.environments import unavailable

NAMES = (
    "recording_can_upload_blob",
    "recording_can_upload_oci_manifest_with_tag",
    "recording_can_download_docker_manifest",
)
HOST = "myregistry.azurecr.io"
# Headers that have other values with every answer, or on every machine.
VARYING = {
    "date": "the time",
    "docker-upload-uuid": "made anew for every upload",
    "location": "has the upload's id and state, or the storage's host and signature, in it",
    "x-ms-request-id": "made anew for every request",
}
# And those that do in some answers: status, name.
VARYING_HERE = {
    (307, "content-length"): "the page has the link in it, whose host is another",
    (200, "etag"): "that of the storage is the time of the blob",
}
UPLOAD = re.compile(r"/v2/(?P<name>.+)/blobs/uploads/(?P<id>[^/]+)")
MANIFEST = re.compile(r"/v2/(?P<name>.+)/manifests/(?P<digest>sha256:.+)")


@dataclass
class Replay:
    registry: EmulatedRegistry
    # Where the recorded uploads are here, and where the last blob is stored.
    uploads: dict[str, str] = field(default_factory=dict)
    stored: str = ""

    def send(self, recorded: dict[str, Any]) -> Answer:
        address = urlsplit(recorded["url"])
        path = unquote(address.path)
        if address.hostname != HOST:
            return self.registry.azure.ask(recorded["method"], self.stored)
        if path.startswith("/oauth2/"):
            return self.sign_in(path, recorded["request"])
        if upload := UPLOAD.fullmatch(path):
            answer = self.continue_upload(recorded, upload["name"], upload["id"])
        else:
            self.prepare(recorded, path)
            answer = self.ask(recorded, address.path, content(recorded["request"]))
        if uuid := recorded["headers"].get("docker-upload-uuid"):
            self.uploads[uuid] = answer.headers["location"]
        elif answer.status == 307:
            self.stored = answer.headers["location"]
        return answer

    def sign_in(self, path: str, request: str) -> Answer:
        form = {name: value for name, (value,) in parse_qs(request).items() if name != "service"}
        if "access_token" in form:
            form["access_token"] = self.registry.azure.token()
        if "refresh_token" in form:
            form["refresh_token"] = self.registry.refresh_token()
        return self.registry.sign_in(path, **form)

    def continue_upload(self, recorded: dict[str, Any], name: str, uuid: str) -> Answer:
        if uuid not in self.uploads:
            begun = self.registry.ask("POST", f"/v2/{name}/blobs/uploads/", b"")
            self.uploads[uuid] = begun.headers["location"]
        digest = parse_qs(urlsplit(recorded["url"]).query).get("digest")
        target = self.uploads[uuid] + (f"&digest={digest[0]}" if digest else "")
        return self.ask(recorded, target, base64.b64decode(recorded["request"]))

    def prepare(self, recorded: dict[str, Any], path: str) -> None:
        """Puts a manifest there that was read without having been put."""
        found = MANIFEST.fullmatch(path)
        if not found or recorded["method"] != "GET":
            return
        response = recorded["response"]
        texts = (json.dumps(response, separators=(",", ":")), json.dumps(response, indent=3) + "\n")
        body = next(each for each in texts if digest_of(each.encode()) == found["digest"])
        headers = {"Content-Type": recorded["headers"]["content-type"]}
        self.registry.ask("PUT", path, body.encode(), headers=headers)

    def ask(self, recorded: dict[str, Any], path: str, body: bytes | None) -> Answer:
        """Signed in as the recorded answer shows that the client was."""
        challenge = recorded["headers"].get("www-authenticate", "")
        name = unquote(urlsplit(path).path).removeprefix("/v2/").rsplit("/", 2)[0]
        token = None
        if "insufficient_scope" in challenge:
            token = self.registry.access_token(f"repository:{name}:pull,push")
        elif not challenge:
            name = name.removesuffix("/blobs")
            token = self.registry.access_token(f"repository:{name}:pull,push,delete")
        media_type = "application/octet-stream"
        if "/manifests/" in path:
            media_type = "application/vnd.oci.image.manifest.v1+json"
        headers = {"Content-Type": media_type}
        method = recorded["method"]
        sent = body if method != "GET" else None
        return self.registry.ask(method, path, sent, headers=headers, user=None, token=token)


def content(request: Any) -> bytes:
    return json.dumps(request, separators=(",", ":")).encode() if request else b""


def recordings() -> Path:
    given = os.environ.get("ACIDEPLOY_RECORDINGS")
    return Path(given) if given else Path(__file__).parents[4] / "shared" / "recordings"


@pytest.mark.parametrize("name", NAMES)
def test_the_registry_answers_as_it_was_recorded(azure: Emulated, name: str) -> None:
    file = recordings() / f"sdk-containerregistry-js-dataplane--{name}.jsonl"
    if not file.is_file():
        unavailable(f"no recorded traffic at {file} (set ACIDEPLOY_RECORDINGS)")
    replay = Replay(open_registry(azure))
    differences = []
    for line in file.read_text("utf-8").splitlines():
        recorded = json.loads(line)
        answer = replay.send(recorded)
        where = f"#{recorded['n']} {recorded['method']} {urlsplit(recorded['url']).path}"
        found = compare(recorded, answer, replay.registry.host)
        differences += [f"{where}: {each}" for each in found]
    assert differences == []


def compare(recorded: dict[str, Any], answer: Answer, host: str) -> list[str]:
    """What is not as it was recorded."""
    differences = []
    if answer.status != recorded["status"]:
        differences.append(f"status {answer.status}, recorded {recorded['status']}")
    for name, value in recorded["headers"].items():
        here = answer.headers.get(name)
        if here is None:
            differences.append(f"no {name}")
        elif name in VARYING or is_varying(recorded, name):
            continue
        elif here != value.replace(HOST, host):
            differences.append(f"{name} {here!r}, recorded {value!r}")
    is_blob = recorded["headers"].get("content-type") == "application/octet-stream"
    if is_blob and answer.body != base64.b64decode(recorded["response"]):
        differences.append(f"body {answer.body!r}")
    if isinstance(recorded["response"], dict):
        # A name of the host is in no recorded body.
        here, there = answer.json, recorded["response"]
        if "<secret>" in there.values():
            here, there = list(here), list(there)
        if json.dumps(here) != json.dumps(there):
            differences.append(f"body {here!r}, recorded {there!r}")
    return differences


def is_varying(recorded: dict[str, Any], name: str) -> bool:
    is_manifest = "/manifests/" in recorded["url"]
    return (recorded["status"], name) in VARYING_HERE and not is_manifest
