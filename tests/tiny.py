"""The smallest things that images are made of: a wheel, a base image."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from acideploy.image.layer import layer_chunks, text_entry
from acideploy.registry import Artifact, Blob, Manifest, Registry
from acideploy.registry.descriptor import describe, to_json

OCI = {
    "manifest": "application/vnd.oci.image.manifest.v1+json",
    "config": "application/vnd.oci.image.config.v1+json",
    "layer": "application/vnd.oci.image.layer.v1.tar",
}
DOCKER = {
    "manifest": "application/vnd.docker.distribution.manifest.v2+json",
    "config": "application/vnd.docker.container.image.v1+json",
    "layer": "application/vnd.docker.image.rootfs.diff.tar",
}
LAYERS = tuple(
    b"".join(layer_chunks([text_entry(path, text)], mtime=0))
    for path, text in (("etc/base", "base\n"), ("etc/python", "python\n"))
)
DIFF_IDS = [describe(layer, "").digest for layer in LAYERS]
CONFIG: Mapping[str, Any] = {
    "architecture": "amd64",
    "os": "linux",
    "config": {
        "Env": ["PATH=/usr/bin:/bin", "LANG=C.UTF-8"],
        "Cmd": ["bash"],
        "User": "1000",
        "Labels": {"maintainer": "somebody"},
    },
    "rootfs": {"type": "layers", "diff_ids": DIFF_IDS},
    "history": [
        {"created_by": "ADD rootfs"},
        {"created_by": "ENV LANG", "empty_layer": True},
        {"created_by": "RUN install"},
    ],
}


def wheel(
    folder: Path,
    *,
    name: str = "tiny",
    version: str = "1.0",
    text: str = "answer = 42\n",
    needs: Sequence[str] = (),
    tag: str = "py3-none-any",
) -> Path:
    """A wheel with a module and a script. `needs` are requirements."""
    distribution = f"{name}-{version}.dist-info"
    requires = "".join(f"Requires-Dist: {need}\n" for need in needs)
    files = {
        f"{name}/__init__.py": text,
        f"{name}-{version}.data/scripts/{name}-script": "#!python\nprint('hello')\n",
        f"{distribution}/METADATA": f"Metadata-Version: 2.1\nName: {name}\n"
        f"Version: {version}\n{requires}",
        f"{distribution}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n"
        f"Tag: {tag}\n",
        f"{distribution}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    record = "".join(f"{path},{_record(content)}\n" for path, content in files.items())
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in files.items():
            archive.writestr(member, content)
        archive.writestr(f"{distribution}/RECORD", f"{record}{distribution}/RECORD,,\n")
    return path


def compiled_source(folder: Path) -> Path:
    """The source distribution of `native` 1.0, which has a file of C in it."""
    path = folder / "native-1.0.tar.gz"
    files = {
        "setup.py": "from setuptools import Extension, setup\n"
        "setup(name='native', version='1.0', ext_modules=[Extension('native', ['native.c'])])\n",
        "PKG-INFO": "Metadata-Version: 2.2\nName: native\nVersion: 1.0\n",
        "native.c": "int nothing;\n",
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"native-1.0/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content.encode()))
    return path


def base_artifact(
    config: object = CONFIG,
    *,
    kinds: Mapping[str, str] = OCI,
    layers: Sequence[bytes] = LAYERS,
    layer_type: str | None = None,
) -> Artifact:
    """A base image. `config` is its configuration, bytes as they are."""
    content = config if isinstance(config, bytes) else to_json(config)  # type: ignore[arg-type]
    described = _blob(content, kinds["config"])
    stored = [_blob(layer, layer_type or kinds["layer"]) for layer in layers]
    manifest = {
        "schemaVersion": 2,
        "mediaType": kinds["manifest"],
        "config": _written(described),
        "layers": [_written(each) for each in stored],
    }
    return Artifact(
        manifest=Manifest(content=to_json(manifest), media_type=kinds["manifest"]),
        blobs=(*stored, described),
    )


def put(registry: Registry, repository: str, artifact: Artifact, *, tag: str | None) -> None:
    for blob in artifact.blobs:
        registry.push_blob(repository, blob, advance=lambda count: None)
    registry.push_manifest(repository, artifact.manifest, tag=tag)


def _blob(content: bytes, media_type: str) -> Blob:
    return Blob(
        descriptor=describe(content, media_type), title="base", chunks=lambda: iter([content])
    )


def _written(blob: Blob) -> dict[str, Any]:
    descriptor = blob.descriptor
    return {
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest,
        "size": descriptor.size,
    }


def _record(content: str) -> str:
    code = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=")
    return f"sha256={code.decode()},{len(content.encode())}"
