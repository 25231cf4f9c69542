"""The packages of an environment as a layer of an image, made without running the image.

An environment is an artifact in the repository `environments`, its tag the digest of what was
asked for: a registry that has it has its layer, and nothing is downloaded, built or compressed.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from collections.abc import Iterator, Set
from pathlib import Path
from typing import get_args

from acideploy.clock import Clock
from acideploy.disk import storage_error
from acideploy.environment.install import install
from acideploy.environment.interpreter import find_interpreter
from acideploy.environment.request import EnvironmentRequest
from acideploy.errors import DependencyError
from acideploy.events import Emit, Finished, Started
from acideploy.image import Compression, Layer
from acideploy.image.contents import PACKAGES, layer_of
from acideploy.image.layer import Entry, file_entry, text_entry
from acideploy.registry import Artifact, Blob, Manifest, Registry
from acideploy.registry.descriptor import (
    EMPTY,
    EMPTY_CONTENT,
    MANIFEST,
    Descriptor,
    descriptor_from_json,
    descriptor_to_json,
    to_json,
)
from acideploy.registry.push import push

_REPOSITORY = "environments"
_ARTIFACT_TYPE = "application/vnd.acideploy.environment.v1+json"
_DIFF_ID = "acideploy.diff-id"
# glibc 2.28 and later: every base image with a Python that is still served.
_PLATFORM = "x86_64-manylinux_2_28"


class PackageLayers:
    """Environments for images in `registry`. `scratch` is a folder on a disk with room."""

    def __init__(self, registry: Registry, *, scratch: Path, clock: Clock, mtime: int) -> None:
        self._registry = registry
        self._scratch = scratch
        self._clock = clock
        self._mtime = mtime

    def find(self, request: EnvironmentRequest, compression: Compression) -> Layer | None:
        """The layer, if it has been made."""
        manifest = self._registry.find_manifest(_REPOSITORY, _tag(request, compression))
        if manifest is None:
            return None
        try:
            [written] = json.loads(manifest.content)["layers"]
            layer = descriptor_from_json(written)
            return self._known(layer, layer.annotations[_DIFF_ID])
        except (ValueError, KeyError, TypeError):
            # It is not ours, and is replaced.
            return None

    def ensure(self, request: EnvironmentRequest, *, compression: Compression, emit: Emit) -> Layer:
        """The layer, which is made where it is missing. Raises DependencyError."""
        task = "environment"
        emit(Started(task=task, title=f"E{request.title[1:]}"))
        try:
            if found := self.find(request, compression):
                emit(Finished(task=task, outcome="reused", detail="unchanged"))
                return found
            layer = self._make(request, compression, emit)
        except BaseException:
            emit(Finished(task=task, outcome="failed"))
            raise
        emit(Finished(task=task, outcome="done"))
        return layer

    def _make(self, request: EnvironmentRequest, compression: Compression, emit: Emit) -> Layer:
        try:
            self._scratch.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._scratch, prefix="packages-") as folder:
                target = Path(folder) / "packages"
                install(request, _where(request, target, emit), scratch=Path(folder), emit=emit)
                made = layer_of(
                    list(_entries(target)),
                    title="packages",
                    below="opt/acideploy",
                    mtime=self._mtime,
                    compression=compression,
                )
                self._push(made, _tag(request, compression), emit)
        except OSError as error:
            raise storage_error("write", error.filename or self._scratch, error) from error
        return self._known(made.blob.descriptor, made.diff_id)

    def _push(self, layer: Layer, tag: str, emit: Emit) -> None:
        described = Descriptor(
            media_type=layer.blob.descriptor.media_type,
            digest=layer.blob.descriptor.digest,
            size=layer.blob.descriptor.size,
            annotations={_DIFF_ID: layer.diff_id},
        )
        content = to_json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "artifactType": _ARTIFACT_TYPE,
                "config": descriptor_to_json(EMPTY),
                "layers": [descriptor_to_json(described)],
            }
        )
        empty = Blob(descriptor=EMPTY, title="configuration", chunks=lambda: iter([EMPTY_CONTENT]))
        artifact = Artifact(
            manifest=Manifest(content=content, media_type=MANIFEST), blobs=(layer.blob, empty)
        )
        push(
            artifact,
            registry=self._registry,
            repository=_REPOSITORY,
            tag=tag,
            clock=self._clock,
            emit=emit,
        )

    def _known(self, layer: Descriptor, diff_id: str) -> Layer:
        blob = Blob(
            descriptor=Descriptor(
                media_type=layer.media_type, digest=layer.digest, size=layer.size
            ),
            title="packages",
            chunks=lambda: self._registry.chunks(_REPOSITORY, layer),
            mount_from=(_REPOSITORY,),
        )
        return Layer(blob=blob, diff_id=diff_id, created_by="acideploy packages")


def package_tags(request: EnvironmentRequest) -> tuple[str, ...]:
    """The tags that the packages of a request may be kept under."""
    return tuple(_tag(request, compression) for compression in get_args(Compression))


def _tag(request: EnvironmentRequest, compression: Compression) -> str:
    return f"{request.image_digest}{'' if compression == 'none' else f'-{compression}'}"


def _where(request: EnvironmentRequest, target: Path, emit: Emit) -> list[str]:
    """For the container's Python and platform, whatever this machine has."""
    wanted = ["--target", str(target), "--python-version", request.python]
    wanted += ["--python-platform", _PLATFORM]
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        try:
            return [*wanted, "--python", str(find_interpreter(request.python, emit=emit))]
        except DependencyError:
            pass
    # Without that very Python there is nothing to build with.
    return [*wanted, "--python", sys.executable, "--only-binary", ":all:"]


def _entries(target: Path) -> Iterator[Entry]:
    """What was installed, without what names this machine or this day."""
    files = {
        path.relative_to(target).as_posix(): path for path in target.rglob("*") if path.is_file()
    }
    left_out = {name for name, path in files.items() if _is_of_this_machine(name, path)}
    for name in files.keys() - left_out:
        place = f"{PACKAGES[1:]}/{name}"
        if name.endswith(".dist-info/RECORD"):
            yield text_entry(place, _without(left_out, files[name].read_text(encoding="utf-8")))
        else:
            yield file_entry(place, files[name])


def _is_of_this_machine(name: str, path: Path) -> bool:
    """Scripts begin with its Python, compiled modules with a time; the rest is uv's book-keeping.

    https://packaging.python.org/en/latest/specifications/direct-url-data-structure/
    """
    folder, _, file = name.rpartition("/")
    if name == ".lock" or file == "uv_cache.json" or folder.endswith("__pycache__"):
        return True
    if file == "direct_url.json":
        return b'"file:' in path.read_bytes()
    return folder == "bin" and path.read_bytes()[:2] == b"#!"


def _without(left_out: Set[str], record: str) -> str:
    """The list of a distribution's files without some, in one order.

    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    lines = [
        line
        for line in record.splitlines()
        if line.partition(",")[0].removeprefix("../../") not in left_out
    ]
    return "\n".join(sorted(lines)) + "\n"
