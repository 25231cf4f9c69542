"""A base image as people have them: Debian with its own Python, made here by `mmdebstrap`."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from tests.cache import cache_directory, only_one_process
from tests.parts import MissingPartError, program

Variant = Literal["oci", "docker", "index"]
OCI = "application/vnd.oci.image"
DOCKER = "application/vnd.docker"
REF = "org.opencontainers.image.ref.name"
CREATED = "2023-11-14T22:13:20Z"
# Raised when the same recipe is to give another layout.
VERSION = 2
WITHOUT_DOCUMENTS = (
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
)
RECIPE = (
    "--variant=minbase",
    "--architectures=amd64",
    "--include=python3,ca-certificates",
    *WITHOUT_DOCUMENTS,
    "bookworm",
)
# No Python, no shell, no libstdc++: what a program that brings its own libraries needs.
GLIBC_RECIPE = (
    "--variant=extract",
    "--architectures=amd64",
    "--include=libc6",
    *WITHOUT_DOCUMENTS,
    "bookworm",
)
RUN = {
    "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"],
    "Cmd": ["python3"],
}
NO_NETWORK = re.compile(r"Could not resolve|Could not connect|Temporary failure|Failed to fetch")


@dataclass(frozen=True)
class BaseImage:
    """An OCI layout directory that holds the image in several variants, one name for each.

    `oci` has one gzip layer; `docker` is the same in Docker's own media types; `index` is a
    choice of linux/amd64, which is `oci`, and linux/arm64, which has nothing in it.
    """

    layout: Path

    @property
    def docker(self) -> Path:
        """The variant `docker` as a folder that skopeo calls `dir:`."""
        return self.layout.parent / "docker"

    def descriptor(self, variant: Variant = "oci") -> Mapping[str, Any]:
        """The descriptor of a variant. Its digest is that of the image once pushed."""
        index = json.loads((self.layout / "index.json").read_text())
        names = {each["annotations"][REF]: each for each in index["manifests"]}
        descriptor: Mapping[str, Any] = names[variant]
        return descriptor

    def manifest(self, variant: Variant = "oci") -> Any:
        return json.loads(self.blob(self.descriptor(variant)["digest"]).read_bytes())

    def blob(self, digest: str) -> Path:
        return self.layout / "blobs" / digest.replace(":", "/")


class Destination(Protocol):
    """A RunningRegistry, or what stands before one."""

    @property
    def host(self) -> str: ...
    @property
    def ca(self) -> Path: ...
    @property
    def tls(self) -> bool: ...


def base_image(recipe: Sequence[str] = RECIPE) -> BaseImage:
    """The base image, made once and kept. Raises MissingPartError without what makes it."""
    asked = json.dumps([recipe, RUN, CREATED, VERSION])
    name = f"base-image-{hashlib.sha256(asked.encode()).hexdigest()[:12]}"
    directory = cache_directory("images") / name
    with only_one_process(directory.with_suffix(".lock")):
        if not directory.exists():
            unfinished = directory.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            _make(unfinished, recipe)
            unfinished.rename(directory)
    return BaseImage(directory / "layout")


def push(
    image: BaseImage,
    destination: Destination,
    repository: str = "base",
    *,
    tag: str = "latest",
    variant: Variant = "oci",
    credentials: str | None = None,
) -> str:
    """Pushes a variant with skopeo and returns its digest. `credentials` are `user:password`."""
    command: list[str | Path] = [program("skopeo"), "copy", "--quiet", "--all"]
    command += ["--preserve-digests", "--dest-cert-dir", destination.ca.parent]
    command += [f"--dest-tls-verify={str(destination.tls).lower()}"]
    command += ["--dest-creds", credentials] if credentials else []
    # In layouts skopeo sees no manifests of Docker's kind.
    source = f"dir:{image.docker}" if variant == "docker" else f"oci:{image.layout}:{variant}"
    command += [source, f"docker://{destination.host}/{repository}:{tag}"]
    subprocess.run(command, check=True)
    return str(image.descriptor(variant)["digest"])


def _make(directory: Path, recipe: Sequence[str]) -> None:
    tar = directory / "layer.tar"
    _debootstrap(tar, recipe)
    diff_id = _sha256(tar)
    subprocess.run([program("pigz"), "--no-name", "-6", "--processes", "2", tar], check=True)
    layout = directory / "layout"
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    layer = directory / "layer.tar.gz"
    digest = _sha256(layer)
    size = layer.stat().st_size
    layer.rename(blobs / digest)
    configuration = _write(blobs, _configuration("amd64", diff_id))

    def manifest(media: str, configuration_media: str, layer_media: str) -> dict[str, Any]:
        content = {
            "schemaVersion": 2,
            "mediaType": media,
            "config": {"mediaType": configuration_media, **configuration},
            "layers": [{"mediaType": layer_media, "digest": f"sha256:{digest}", "size": size}],
        }
        return {"mediaType": media, **_write(blobs, content)}

    oci = manifest(f"{OCI}.manifest.v1+json", f"{OCI}.config.v1+json", f"{OCI}.layer.v1.tar+gzip")
    docker = manifest(
        f"{DOCKER}.distribution.manifest.v2+json",
        f"{DOCKER}.container.image.v1+json",
        f"{DOCKER}.image.rootfs.diff.tar.gzip",
    )
    _write_folder(directory / "docker", blobs, docker["digest"], configuration["digest"], digest)
    variants = {"oci": oci, "docker": docker, "index": _index(blobs, oci)}
    _write_json(layout / "oci-layout", {"imageLayoutVersion": "1.0.0"})
    named = [{**each, "annotations": {REF: name}} for name, each in variants.items()]
    _write_json(layout / "index.json", {"schemaVersion": 2, "manifests": named})


def _write_folder(folder: Path, blobs: Path, manifest: str, *digests: str) -> None:
    folder.mkdir()
    (folder / "version").write_text("Directory Transport Version: 1.1\n")
    os.link(blobs / manifest.removeprefix("sha256:"), folder / "manifest.json")
    for code in (digest.removeprefix("sha256:") for digest in digests):
        os.link(blobs / code, folder / code)


def _debootstrap(tar: Path, recipe: Sequence[str]) -> None:
    command: list[str | Path] = [program("mmdebstrap"), *recipe, tar]
    variables = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = f"mmdebstrap: {done.stderr[-1000:]}"
        raise MissingPartError(reason) if NO_NETWORK.search(done.stderr) else RuntimeError(reason)


def _index(blobs: Path, amd64: Mapping[str, Any]) -> dict[str, Any]:
    nothing = b"\0" * 1024
    diff_id = hashlib.sha256(nothing).hexdigest()
    configuration = _write(blobs, _configuration("arm64", diff_id))
    content = {
        "schemaVersion": 2,
        "mediaType": f"{OCI}.manifest.v1+json",
        "config": {"mediaType": f"{OCI}.config.v1+json", **configuration},
        "layers": [{"mediaType": f"{OCI}.layer.v1.tar", **_write_bytes(blobs, nothing)}],
    }
    arm64 = {"mediaType": f"{OCI}.manifest.v1+json", **_write(blobs, content)}
    manifests = [
        {**each, "platform": {"os": "linux", "architecture": architecture}}
        for architecture, each in (("amd64", amd64), ("arm64", arm64))
    ]
    media = f"{OCI}.index.v1+json"
    index = {"schemaVersion": 2, "mediaType": media, "manifests": manifests}
    return {"mediaType": media, **_write(blobs, index)}


def _configuration(architecture: str, diff_id: str) -> dict[str, Any]:
    return {
        "created": CREATED,
        "architecture": architecture,
        "os": "linux",
        "config": RUN,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff_id}"]},
        "history": [{"created": CREATED, "created_by": "mmdebstrap"}],
    }


def _write(blobs: Path, content: Any) -> dict[str, Any]:
    """Stores JSON; the digest and size of a descriptor."""
    return _write_bytes(blobs, json.dumps(content, separators=(",", ":")).encode())


def _write_bytes(blobs: Path, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    (blobs / digest).write_bytes(content)
    return {"digest": f"sha256:{digest}", "size": len(content)}


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content))


def _sha256(path: Path) -> str:
    code = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            code.update(part)
    return code.hexdigest()
