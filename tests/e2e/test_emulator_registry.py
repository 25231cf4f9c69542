"""Clients that nobody here wrote use a registry of the emulator as they use Azure's."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from azure.containerregistry import ArtifactTagProperties, ContainerRegistryClient
from azure.core.exceptions import ClientAuthenticationError, ResourceNotFoundError
from azure.identity import ClientSecretCredential

from acideploy.emulator.cloud import CLIENT, TENANT
from tests.emulated import Emulated, emulated
from tests.emulated_registry import (
    ADMIN,
    CONFIGURATION,
    LAYER,
    EmulatedRegistry,
    digest_of,
    image,
    open_registry,
)
from tests.parts import program
from tests.parts.base_image import BaseImage

TOKEN_USER = "00000000-0000-0000-0000-000000000000"
Command = Callable[..., str]


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Emulated]:
    with emulated(tmp_path / "emulator") as running:
        yield running


@pytest.fixture
def registry(azure: Emulated) -> EmulatedRegistry:
    return open_registry(azure)


@pytest.fixture
def docker(docker_part: str, tmp_path: Path) -> Command:
    executable = program("docker", package="docker.io")
    return command(executable, DOCKER_HOST=docker_part, DOCKER_CONFIG=str(tmp_path / "docker"))


@pytest.fixture
def podman(podman_part: str, tmp_path: Path) -> Command:
    executable = program("podman")
    run = command(executable, REGISTRY_AUTH_FILE=str(tmp_path / "auth.json"))
    return lambda *arguments, **more: run("--remote", "--url", podman_part, *arguments, **more)


@pytest.fixture
def certificates(azure: Emulated, tmp_path: Path) -> Path:
    """The authority in a folder, as containers' tools want it."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    shutil.copy(azure.ca, folder / "ca.crt")
    return folder


def command(executable: Path, **variables: str) -> Command:
    def run(*arguments: object, given: bytes = b"", expect: int = 0) -> str:
        done = subprocess.run(
            [executable, *map(str, arguments)],
            env={**os.environ, **variables},
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        output = done.stdout.decode()
        assert (done.returncode == 0) == (expect == 0), output
        return output.strip()

    return run


def archive() -> bytes:
    """A tar with one file, for an image without a base."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("file"))
    return content.getvalue()


def push_and_pull(run: Command, reference: str, *options: str) -> None:
    """Pushes an image, takes it away here, and pulls it as it was."""
    run("import", "-", reference, given=archive())
    identifier = run("image", "inspect", "--format", "{{.Id}}", reference)
    run("push", *options, reference)
    run("rmi", reference)
    run("pull", *options, reference)
    assert run("image", "inspect", "--format", "{{.Id}}", reference) == identifier
    run("rmi", reference)


def test_docker_logs_in_pushes_and_pulls(docker: Command, registry: EmulatedRegistry) -> None:
    name, password = ADMIN
    reference = f"{registry.host}/team/app:v1"
    wrong = docker("login", registry.host, "-u", name, "-p", "wrong", expect=1)
    assert "unauthorized" in wrong.lower()
    docker("login", registry.host, "-u", name, "--password-stdin", given=password.encode())
    push_and_pull(docker, reference)
    assert registry.content.tags("team/app").keys() == {"v1"}
    docker("logout", registry.host)
    assert "authentication required" in docker("pull", reference, expect=1)


def test_docker_logs_in_with_a_refresh_token(docker: Command, registry: EmulatedRegistry) -> None:
    """What `az acr login` does."""
    docker(
        *("login", registry.host, "-u", TOKEN_USER, "--password-stdin"),
        given=registry.refresh_token().encode(),
    )
    push_and_pull(docker, f"{registry.host}/app:v1")


def test_podman_logs_in_pushes_and_pulls(
    podman: Command, registry: EmulatedRegistry, certificates: Path
) -> None:
    name, password = ADMIN
    options = (registry.host, "--cert-dir", certificates, "-u", name)
    podman("login", *options, "-p", "wrong", expect=1)
    podman("login", *options, "--password-stdin", given=password.encode())
    push_and_pull(podman, f"{registry.host}/team/app:v1")
    assert registry.content.tags("team/app").keys() == {"v1"}


@pytest.mark.parametrize("variant", ["oci", "docker", "index"])
def test_skopeo_copies_inspects_lists_and_deletes(
    registry: EmulatedRegistry,
    certificates: Path,
    base_image_part: BaseImage,
    tmp_path: Path,
    variant: str,
) -> None:
    skopeo = command(program("skopeo"))
    trust = ("--cert-dir", certificates, "--creds", ":".join(ADMIN))
    to = ("--dest-cert-dir", certificates, "--dest-creds", ":".join(ADMIN))
    back = ("--src-cert-dir", certificates, "--src-creds", ":".join(ADMIN))
    layout = f"oci:{base_image_part.layout}:{variant}"
    source = f"dir:{base_image_part.docker}" if variant == "docker" else layout
    there = f"docker://{registry.host}/team/base"
    every = ("copy", "--all", "--preserve-digests")
    skopeo(*every, *to, source, f"{there}:v1")
    digest = registry.content.manifest("team/base", "v1").digest
    assert digest == base_image_part.descriptor(variant)["digest"]  # type: ignore[arg-type]
    # Within the registry the layers are mounted.
    skopeo(*every, *to, *back, f"{there}:v1", f"docker://{registry.host}/other:v2")
    shown = json.loads(skopeo("inspect", *trust, f"{there}:v1"))
    assert (shown["Digest"], shown["Architecture"]) == (digest, "amd64")
    assert json.loads(skopeo("list-tags", *trust, there))["Tags"] == ["v1"]
    skopeo(*every, *back, f"{there}:v1", f"dir:{tmp_path / 'copy'}")
    assert digest_of((tmp_path / "copy" / "manifest.json").read_bytes()) == digest
    skopeo("delete", *trust, f"{there}:v1")
    assert registry.content.tags("team/base") == {}
    assert "unknown" in skopeo("inspect", *trust, f"{there}:v1", expect=1)


@pytest.fixture
def client(
    azure: Emulated, registry: EmulatedRegistry, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ContainerRegistryClient]:
    """Azure's own client, signed in by the emulator."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(azure.ca))
    with ContainerRegistryClient(
        f"https://{registry.host}",
        credential(azure, azure.cloud.client_secret),
        audience="https://management.azure.com",
    ) as client:
        yield client


def credential(azure: Emulated, secret: str) -> ClientSecretCredential:
    return ClientSecretCredential(
        TENANT, CLIENT, secret, authority=azure.url, disable_instance_discovery=True
    )


def test_the_sdk_uploads_and_downloads(client: ContainerRegistryClient) -> None:
    # More than one of the SDK's chunks.
    content = os.urandom(9 << 20)
    digest, size = client.upload_blob("a/b", io.BytesIO(content))
    assert (digest, size) == (digest_of(content), len(content))
    assert b"".join(client.download_blob("a/b", digest)) == content
    for blob in (CONFIGURATION, LAYER):
        client.upload_blob("a/b", io.BytesIO(blob))
    pushed = client.set_manifest("a/b", image(), tag="v1")
    result = client.get_manifest("a/b", "v1")
    assert (result.digest, dict(result.manifest)) == (pushed, image())
    client.delete_blob("a/b", digest)
    with pytest.raises(ResourceNotFoundError):
        client.download_blob("a/b", digest)


def test_the_sdk_lists_describes_locks_and_deletes(
    client: ContainerRegistryClient, registry: EmulatedRegistry
) -> None:
    digest = registry.push("a/b", "v1", "v2", "v3")
    registry.push("c")
    assert list(client.list_repository_names(results_per_page=1)) == ["a/b", "c"]
    properties = client.get_repository_properties("a/b")
    assert (properties.tag_count, properties.manifest_count) == (3, 1)
    tags = client.list_tag_properties("a/b", results_per_page=2)
    assert [tag.name for tag in tags] == ["v1", "v2", "v3"]
    (manifest,) = client.list_manifest_properties("a/b")
    assert (manifest.digest, str(manifest.architecture), manifest.tags) == (
        digest,
        "ArtifactArchitecture.AMD64",
        ["v1", "v2", "v3"],
    )
    locked = client.update_tag_properties("a/b", "v1", ArtifactTagProperties(can_delete=False))
    assert locked.can_delete is False
    client.delete_tag("a/b", "v2")
    client.update_tag_properties("a/b", "v1", can_delete=True)
    client.delete_manifest("a/b", digest)
    assert client.get_repository_properties("a/b").manifest_count == 0
    client.delete_repository("a/b")
    assert list(client.list_repository_names()) == ["c"]


def test_the_sdk_is_refused_with_a_wrong_secret(
    azure: Emulated, registry: EmulatedRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(azure.ca))
    wrong = credential(azure, "wrong")
    with (
        ContainerRegistryClient(f"https://{registry.host}", wrong) as client,
        pytest.raises(ClientAuthenticationError),
    ):
        list(client.list_repository_names())
