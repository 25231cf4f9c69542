"""Small images of services, made of tar layers, for tests of what runs them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from acideploy.image import Image, Layer
from acideploy.image.layer import Entry, file_entry, layer_chunks, sorted_with_folders, text_entry
from acideploy.registry import Artifact, Blob, Manifest
from acideploy.registry.descriptor import (
    MANIFEST,
    Descriptor,
    describe,
    descriptor_from_json,
    descriptor_to_json,
)
from acideploy.serving import RUNTIME_NAME, runtime_directory
from tests.parts.base_image import BaseImage
from tests.serving_process import serving_environment

CONFIG = "application/vnd.oci.image.config.v1+json"
TAR = "application/vnd.oci.image.layer.v1.tar"
ECHO = """
import json
def init():
    print("the model is here")
def run(data):
    print("scored")
    return {"greeting": "hello", "data": json.loads(data)}
"""


def base_layers(part: BaseImage) -> tuple[Layer, ...]:
    """The layers of the base image, which are gzip."""
    manifest = part.manifest()
    config = json.loads(part.blob(manifest["config"]["digest"]).read_bytes())
    return tuple(
        Layer(
            blob=Blob(
                descriptor=descriptor_from_json(layer),
                title="base",
                chunks=partial(_chunks, part.blob(layer["digest"])),
            ),
            diff_id=diff_id,
            created_by="base",
        )
        for layer, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True)
    )


def files_layer(entries: Sequence[Entry], title: str) -> Layer:
    entries = sorted_with_folders(entries)
    return _layer(lambda: layer_chunks(entries, mtime=0), title)


def text_layer(**files: str) -> Layer:
    """A layer of files below /var/azureml-app: `score="..."` is `score.py`."""
    entries = [text_entry(f"var/azureml-app/{name}.py", text) for name, text in files.items()]
    return files_layer(entries, "code")


@cache
def serving_layers() -> tuple[Layer, ...]:
    """The serving stack for Python 3.11 in /opt/packages, and the files that serve."""
    packages = serving_environment(python="3.11").parents[1] / "lib/python3.11/site-packages"
    stack = [
        file_entry(f"opt/packages/{path.relative_to(packages)}", path)
        for path in sorted(packages.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    ]
    runtime = [
        file_entry(f"opt/acideploy/{RUNTIME_NAME}/{path.relative_to(runtime_directory())}", path)
        for path in sorted(runtime_directory().rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    ]
    return files_layer(stack, "packages"), files_layer(runtime, "serving")


def service_image(
    base: Sequence[Layer],
    *,
    script: str = ECHO,
    variables: Mapping[str, str] | None = None,
    **config: Any,
) -> Image:
    """A service on top of a base that has Python 3.11. `config` goes over the image's own."""
    layers = (*base, *serving_layers(), text_layer(score=script))
    served = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": "/opt/acideploy:/opt/packages",
        "AML_APP_ROOT": "/var/azureml-app",
        "AZUREML_ENTRY_SCRIPT": "score.py",
        **(variables or {}),
    }
    return image(
        layers,
        Env=[f"{name}={value}" for name, value in served.items()],
        WorkingDir="/opt/acideploy",
        **{"Entrypoint": ["python3", "-m", RUNTIME_NAME], **config},
    )


def image(layers: Sequence[Layer], **config: Any) -> Image:
    written = {
        "architecture": "amd64",
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [{"created_by": layer.created_by} for layer in layers],
    }
    content = json.dumps(written).encode()
    blob = Blob(
        descriptor=describe(content, CONFIG), title="config", chunks=lambda: iter([content])
    )
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor_to_json(blob.descriptor),
        "layers": [descriptor_to_json(layer.blob.descriptor) for layer in layers],
    }
    artifact = Artifact(
        manifest=Manifest(content=json.dumps(manifest).encode(), media_type=MANIFEST),
        blobs=(blob, *(layer.blob for layer in layers)),
    )
    return Image(artifact=artifact, config=blob, layers=tuple(layers))


def members(archive: bytes) -> dict[str, bytes]:
    """What is in a tar file, by name."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar}  # type: ignore[union-attr]


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            yield chunk


def _layer(chunks: Any, title: str) -> Layer:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks():
        digest.update(chunk)
        size += len(chunk)
    name = f"sha256:{digest.hexdigest()}"
    descriptor = Descriptor(media_type=TAR, digest=name, size=size)
    blob = Blob(descriptor=descriptor, title=title, chunks=chunks)
    return Layer(blob=blob, diff_id=name, created_by=title)
