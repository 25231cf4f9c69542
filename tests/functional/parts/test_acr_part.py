"""The dress of Azure Container Registry fits Microsoft's own client, and holds where it should."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from azure.containerregistry import (
    ArtifactTagProperties,
    ContainerRegistryClient,
    DigestValidationError,
)
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)

from tests.functional.parts.conftest import Client, Connect, Reply
from tests.parts import program
from tests.parts.acr import ENTRA_TOKEN, OWNER, RunningAcr
from tests.parts.acr_scopes import Identity
from tests.parts.acr_tokens import TOKEN_USER
from tests.parts.base_image import BaseImage, push
from tests.parts.faults import Corrupt

OCI = "application/vnd.oci.image"
# Two chunks and a half, as the client cuts them.
BLOB = os.urandom(10 << 20)
DIGEST = f"sha256:{hashlib.sha256(BLOB).hexdigest()}"


class Credential:
    """Somebody who is logged in already."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(self._token, 2**40)


@pytest.fixture(autouse=True)
def _trust(acr_part: RunningAcr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(acr_part.ca))
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)


@pytest.fixture
def sdk(acr_part: RunningAcr) -> Iterator[ContainerRegistryClient]:
    with ContainerRegistryClient(
        acr_part.url, Credential(ENTRA_TOKEN), audience="https://management.azure.com"
    ) as client:
        yield client


@pytest.fixture
def client(acr_part: RunningAcr, connect: Connect) -> Client:
    return connect(acr_part)


def manifest(sdk: ContainerRegistryClient, repository: str, *, note: str = "") -> bytes:
    """Uploads a configuration and a layer; the manifest that names them."""
    configuration = {"mediaType": f"{OCI}.config.v1+json", **upload(sdk, repository, b"{}")}
    layer = {"mediaType": f"{OCI}.layer.v1.tar", **upload(sdk, repository, BLOB)}
    content = {
        "schemaVersion": 2,
        "mediaType": f"{OCI}.manifest.v1+json",
        "config": configuration,
        "layers": [layer],
        "annotations": {"note": note},
    }
    return json.dumps(content).encode()


def upload(sdk: ContainerRegistryClient, repository: str, content: bytes) -> dict[str, Any]:
    digest, size = sdk.upload_blob(repository, io.BytesIO(content))
    return {"digest": digest, "size": size}


def token(client: Client, acr: RunningAcr, scope: str, entra: str = ENTRA_TOKEN) -> str:
    """An access token, got as Microsoft's clients get it."""
    answer = client.ask(
        "POST",
        "/oauth2/exchange",
        f"grant_type=access_token&service={acr.host}&access_token={entra}".encode(),
    )
    assert answer.status == 200, answer
    refresh = json.loads(answer.body)["refresh_token"]
    form = f"grant_type=refresh_token&service={acr.host}&scope={scope}&refresh_token={refresh}"
    answer = client.ask("POST", "/oauth2/token", form.encode())
    assert list(json.loads(answer.body)) == ["access_token"]
    return str(json.loads(answer.body)["access_token"])


def bearer(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}


def code(reply: Reply) -> str:
    return str(json.loads(reply.body)["errors"][0]["code"])


def test_the_sdk_uploads_and_downloads(acr_part: RunningAcr, sdk: ContainerRegistryClient) -> None:
    content = manifest(sdk, "sdk/round")
    digest = sdk.set_manifest("sdk/round", io.BytesIO(content), tag="1")
    read = sdk.get_manifest("sdk/round", "1")
    assert (read.digest, json.dumps(read.manifest).encode()) == (digest, content)
    assert b"".join(sdk.download_blob("sdk/round", DIGEST)) == BLOB
    # Downloads go on at the storage server, without the token.
    gets = acr_part.storage.traffic.select("GET")
    assert gets
    assert {each.status for each in gets} == {206}
    assert not any(each.authorized for each in gets)
    assert acr_part.traffic.select("GET", "/blobs/", 307)
    assert all(
        each.response_body_bytes < 1000 for each in acr_part.traffic.select("GET", "/blobs/")
    )


def test_the_sdk_sees_and_locks_tags(acr_part: RunningAcr, sdk: ContainerRegistryClient) -> None:
    first = sdk.set_manifest("sdk/tags", io.BytesIO(manifest(sdk, "sdk/tags")), tag="1")
    sdk.set_manifest("sdk/tags", io.BytesIO(manifest(sdk, "sdk/tags", note="2")), tag="2")
    assert [each.name for each in sdk.list_tag_properties("sdk/tags")] == ["1", "2"]
    assert [each.name for each in sdk.list_tag_properties("sdk/tags", results_per_page=1)] == [
        "1",
        "2",
    ]
    assert len(list(sdk.list_manifest_properties("sdk/tags"))) == 2
    assert "sdk/tags" in list(sdk.list_repository_names())
    assert sdk.get_repository_properties("sdk/tags").tag_count == 2
    properties = sdk.get_tag_properties("sdk/tags", "1")
    assert properties.digest == first
    assert properties.can_write
    age = datetime.now(timezone.utc) - properties.created_on
    assert abs(age.total_seconds()) < 60

    locked = sdk.update_tag_properties("sdk/tags", "1", can_write=False)
    assert isinstance(locked, ArtifactTagProperties)
    assert not locked.can_write
    for refused in (
        lambda: sdk.set_manifest(
            "sdk/tags", io.BytesIO(manifest(sdk, "sdk/tags", note="3")), tag="1"
        ),
        lambda: sdk.delete_manifest("sdk/tags", first),
        lambda: sdk.delete_tag("sdk/tags", "1"),
        lambda: sdk.delete_repository("sdk/tags"),
    ):
        with pytest.raises(HttpResponseError, match="disallowed") as caught:
            refused()
        assert caught.value.status_code == 405
    assert acr_part.registry.tags("sdk/tags")["1"] == first

    sdk.update_tag_properties("sdk/tags", "1", can_write=True)
    sdk.delete_tag("sdk/tags", "1")
    with pytest.raises(ResourceNotFoundError):
        sdk.get_tag_properties("sdk/tags", "1")
    sdk.delete_manifest("sdk/tags", first)
    sdk.delete_repository("sdk/tags")
    assert "sdk/tags" not in acr_part.registry.repositories()


def test_the_sdk_notices_wrong_bytes(acr_part: RunningAcr, sdk: ContainerRegistryClient) -> None:
    upload(sdk, "sdk/wrong", BLOB)
    acr_part.storage.fail(Corrupt())
    with pytest.raises(DigestValidationError):
        b"".join(sdk.download_blob("sdk/wrong", DIGEST))


def test_the_sdk_learns_who_is_not_let_in(acr_part: RunningAcr) -> None:
    with (
        ContainerRegistryClient(
            acr_part.url, Credential("unknown"), audience="https://management.azure.com"
        ) as stranger,
        pytest.raises(ClientAuthenticationError),
    ):
        upload(stranger, "sdk/stranger", b"content")


def test_the_challenge_is_that_of_the_real_service(acr_part: RunningAcr, client: Client) -> None:
    # recordings/sdk-containerregistry-js-dataplane--recording_can_upload_blob.jsonl, 0
    reply = client.ask("POST", "/v2/oci-artifact/blobs/uploads/")
    assert reply.status == 401
    host = acr_part.host
    assert reply.headers["Www-Authenticate"] == (
        f'Bearer realm="https://{host}/oauth2/token",service="{host}",'
        'scope="repository:oci-artifact:pull,push"'
    )
    assert json.loads(reply.body) == {
        "errors": [
            {
                "code": "UNAUTHORIZED",
                "message": "authentication required, visit "
                "https://aka.ms/acr/authorization for more information.",
                "detail": [
                    {"Type": "repository", "Name": "oci-artifact", "Action": "pull"},
                    {"Type": "repository", "Name": "oci-artifact", "Action": "push"},
                ],
            }
        ]
    }


@pytest.mark.parametrize(
    ("method", "target", "scope"),
    [
        ("HEAD", "/v2/a%2Fb/blobs/sha256:0", "repository:a/b:pull"),
        ("DELETE", "/v2/a/manifests/sha256:0", "repository:a:delete"),
        ("GET", "/acr/v1/a%2Fb/_tags", "repository:a/b:metadata_read"),
        ("PATCH", "/acr/v1/a/_tags/1", "repository:a:metadata_write"),
        ("GET", "/acr/v1/_catalog", "registry:catalog:*"),
        (
            "POST",
            "/v2/a/blobs/uploads/?mount=sha256:0&from=models/iris",
            "repository:a:pull,push repository:models/iris:pull",
        ),
    ],
)
def test_each_request_needs_its_scope(client: Client, method: str, target: str, scope: str) -> None:
    reply = client.ask(method, target)
    assert reply.status == 401
    assert reply.headers["Www-Authenticate"].endswith(f',scope="{scope}"')


def test_a_token_is_good_for_its_scope_and_its_time(acr_part: RunningAcr, client: Client) -> None:
    pull = bearer(token(client, acr_part, "repository:timed:pull"))
    assert client.ask("HEAD", "/v2/timed/manifests/1", **pull).status == 404
    for target in ("/v2/timed/blobs/uploads/", "/v2/other/blobs/uploads/"):
        refused = client.ask("POST", target, **pull)
        assert refused.status == 401
        assert refused.headers["Www-Authenticate"].endswith(',error="insufficient_scope"')
    acr_part.tokens.expire()
    expired = client.ask("HEAD", "/v2/timed/manifests/1", **pull)
    assert expired.headers["Www-Authenticate"].endswith(',error="invalid_token"')
    acr_part.tokens.access_lifetime = -1
    late = bearer(token(client, acr_part, "repository:timed:pull"))
    assert client.ask("HEAD", "/v2/timed/manifests/1", **late).status == 401
    claims = json.loads(base64.urlsafe_b64decode(late["Authorization"].split(".")[1] + "=="))
    assert claims["access"] == [{"type": "repository", "name": "timed", "actions": ["pull"]}]


def test_a_mount_needs_pull_on_its_source(acr_part: RunningAcr, client: Client) -> None:
    both = "repository:source:pull,push repository:target:pull,push"
    allowed = bearer(token(client, acr_part, both))
    started = client.ask("POST", "/v2/source/blobs/uploads/", **allowed)
    location = f"{started.headers['Location']}&digest={DIGEST}"
    assert location.startswith("/v2/source/")
    assert client.ask("PUT", location, BLOB, **allowed).status == 201
    target_only = bearer(token(client, acr_part, "repository:target:pull,push"))
    mount = f"/v2/target/blobs/uploads/?mount={DIGEST}&from=source"
    assert client.ask("POST", mount, **target_only).status == 401
    assert client.ask("POST", mount, **allowed).status == 201
    assert acr_part.registry.gives_out("target", DIGEST)


@pytest.mark.parametrize(("refusal", "error"), [(401, "UNAUTHORIZED"), (403, "DENIED")])
def test_who_may_only_pull_cannot_push(
    acr_part: RunningAcr, client: Client, refusal: Any, error: str
) -> None:
    acr_part.tokens.entra["reader"] = Identity("reader", ("pull", "metadata_read"))
    acr_part.tokens.refusal = refusal
    given = bearer(token(client, acr_part, "repository:reading:pull,push", "reader"))
    refused = client.ask("POST", "/v2/reading/blobs/uploads/", **given)
    assert (refused.status, code(refused)) == (refusal, error)
    assert client.ask("HEAD", "/v2/reading/manifests/1", **given).status == 404


def test_roles_can_end_at_a_pattern_of_repositories(acr_part: RunningAcr, client: Client) -> None:
    acr_part.tokens.entra["modeller"] = Identity("modeller", repositories="models/.*")
    scope = "repository:models/iris:pull,push repository:services/iris:pull,push"
    given = bearer(token(client, acr_part, scope, "modeller"))
    assert client.ask("POST", "/v2/models/iris/blobs/uploads/", **given).status == 202
    assert client.ask("POST", "/v2/services/iris/blobs/uploads/", **given).status == 401


def test_storage_refuses_tokens_and_addresses_it_did_not_give_out(
    acr_part: RunningAcr, client: Client, sdk: ContainerRegistryClient, connect: Connect
) -> None:
    upload(sdk, "stored", BLOB)
    given = bearer(token(client, acr_part, "repository:stored:pull"))
    reply = client.ask("GET", f"/v2/stored/blobs/{DIGEST}", **given)
    assert reply.status == 307
    address = reply.headers["Location"]
    assert address.startswith(f"https://127.0.0.1:{acr_part.storage.port}/")
    target = address[address.index("/", len("https://")) :]
    storage = connect(acr_part.storage)
    assert storage.ask("GET", target).body == BLOB
    assert storage.ask("GET", target, **given).status == 400
    assert storage.ask("GET", target.replace("sig=", "sig=x")).status == 403
    acr_part.dress.storage.lifetime = -1
    late = client.ask("GET", f"/v2/stored/blobs/{DIGEST}", **given).headers["Location"]
    assert storage.ask("GET", late[late.index("/", len("https://")) :]).status == 403


def test_skopeo_pushes_and_pulls_with_each_kind_of_login(
    acr_part: RunningAcr, base_image_part: BaseImage, client: Client, tmp_path: Path
) -> None:
    acr_part.tokens.users["admin", "secret"] = OWNER
    form = f"grant_type=access_token&service={acr_part.host}&access_token={ENTRA_TOKEN}"
    refresh = json.loads(client.ask("POST", "/oauth2/exchange", form.encode()).body)
    for number, login in enumerate(["admin:secret", f"{TOKEN_USER}:{refresh['refresh_token']}"]):
        repository = f"skopeo/{number}"
        digest = push(base_image_part, acr_part, repository, credentials=login)
        command: list[str | Path] = [program("skopeo"), "copy", "--quiet", "--src-creds", login]
        command += ["--src-cert-dir", str(acr_part.ca.parent)]
        command += [f"docker://{acr_part.host}/{repository}", f"dir:{tmp_path / str(number)}"]
        subprocess.run(command, check=True)
        stored = (tmp_path / str(number) / "manifest.json").read_bytes()
        assert f"sha256:{hashlib.sha256(stored).hexdigest()}" == digest
    assert acr_part.storage.traffic.select("GET", status=200)


def test_anonymous_pulls_are_let_in_where_they_are_to(acr_part: RunningAcr, client: Client) -> None:
    form = f"grant_type=password&service={acr_part.host}&scope=repository:open:pull,push".encode()
    assert client.ask("POST", "/oauth2/token", form).status == 401
    acr_part.tokens.anonymous = Identity("anonymous", ("pull",))
    given = bearer(json.loads(client.ask("POST", "/oauth2/token", form).body)["access_token"])
    assert client.ask("HEAD", "/v2/open/manifests/1", **given).status == 404
    assert client.ask("POST", "/v2/open/blobs/uploads/", **given).status == 401


def test_what_the_real_service_answers_with_nothing(acr_part: RunningAcr, client: Client) -> None:
    form = b"grant_type=refresh_token&service=repository:a:pull&scope=x&refresh_token=y"
    reply = client.ask("POST", "/oauth2/token", form)
    assert (reply.status, reply.body) == (400, b"")
