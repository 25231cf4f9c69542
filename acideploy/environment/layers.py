"""Environments as layers of images, made on any machine and kept in a registry by content.

An environment is an artifact in the repository `environments`: its lock, and a layer for each group
of packages. Its tag is the digest of what was asked for, so that a registry that has it has its
layers, and nothing is resolved, downloaded, built or compressed. So is each layer, by the packages
that went in.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

from acideploy.clock import Clock
from acideploy.disk import storage_error
from acideploy.environment.groups import Group, groups
from acideploy.environment.install import install_groups
from acideploy.environment.lock import EnvironmentLock
from acideploy.environment.lock_file import write_lock
from acideploy.environment.pip_lines import distribution
from acideploy.environment.platforms import IMAGE
from acideploy.environment.request import EnvironmentRequest
from acideploy.environment.solve import solve
from acideploy.events import Emit, Finished, Started, ignore, one_at_a_time
from acideploy.image import Compression, Layer
from acideploy.image.contents import ENVIRONMENT, LOCK, layer_of
from acideploy.image.layer import Entry, text_entry
from acideploy.registry import Artifact, Blob, Manifest, Registry
from acideploy.registry.descriptor import (
    EMPTY,
    EMPTY_CONTENT,
    MANIFEST,
    Descriptor,
    describe,
    descriptor_from_json,
    descriptor_to_json,
    to_json,
)
from acideploy.registry.push import push

_REPOSITORY = "environments"
_ARTIFACT_TYPE = "application/vnd.acideploy.environment.v1+json"
_LAYER_TYPE = "application/vnd.acideploy.environment.layer.v1+json"
_LOCK_TYPE = "application/vnd.acideploy.environment.lock.v1+toml"
_DIFF_ID = "acideploy.diff-id"
_TITLE = "acideploy.packages"
# Each reads and hashes on cores of its own.
_AT_ONCE = 2
_EMPTY = Blob(descriptor=EMPTY, title="configuration", chunks=lambda: iter([EMPTY_CONTENT]))


class EnvironmentLayers:
    """Environments for images in `registry`. `scratch` is a folder on a disk with room."""

    def __init__(self, registry: Registry, *, scratch: Path, clock: Clock, mtime: int) -> None:
        self._registry = registry
        self._scratch = scratch
        self._clock = clock
        self._mtime = mtime

    def find(
        self, request: EnvironmentRequest, compression: Compression
    ) -> tuple[Layer, ...] | None:
        """The layers, bottom first, if they have been made."""
        return self._find(_tag(request, compression))

    def ensure(
        self, request: EnvironmentRequest, *, python: str, compression: Compression, emit: Emit
    ) -> tuple[Layer, ...]:
        """The layers, of which those that are missing are made.

        `python` is the interpreter in the image. Raises DependencyError.
        """
        task = "environment"
        emit(Started(task=task, title=f"E{request.title[1:]}"))
        try:
            if found := self.find(request, compression):
                emit(Finished(task=task, outcome="reused", detail="unchanged"))
                return found
            layers = self._make(request, python, compression, emit)
        except BaseException:
            emit(Finished(task=task, outcome="failed"))
            raise
        emit(Finished(task=task, outcome="done", detail=f"{len(layers)} layers"))
        return layers

    def _make(
        self, request: EnvironmentRequest, python: str, compression: Compression, emit: Emit
    ) -> tuple[Layer, ...]:
        try:
            self._scratch.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._scratch, prefix="image-") as folder:
                lock = solve(request, platform=IMAGE, scratch=Path(folder), emit=emit)
                layers = self._layers_of(lock, request, python, compression, Path(folder), emit)
                self._keep(lock, layers, _tag(request, compression))
        except OSError as error:
            raise storage_error("write", error.filename or self._scratch, error) from error
        return layers

    def _layers_of(
        self,
        lock: EnvironmentLock,
        request: EnvironmentRequest,
        python: str,
        compression: Compression,
        scratch: Path,
        emit: Emit,
    ) -> tuple[Layer, ...]:
        """Those of each group and one with the lock, made where the registry does not have them."""
        spread = {
            f"{_key(group, python, self._mtime)}{_suffix(compression)}": group
            for group in groups(lock, serving=_serving(request))
        }
        found = {key: self._find(f"layer-{key}") for key in spread}
        missing = {key: group for key, group in spread.items() if not found[key]}
        files = dict(
            install_groups(missing, lock, request, python=python, scratch=scratch, emit=emit)
        )
        text = write_lock(lock)
        key = f"lock-{lock.digest[:32]}-{self._mtime}{_suffix(compression)}"
        titles = {key: group.title for key, group in spread.items()} | {key: "lock"}
        found[key] = self._find(f"layer-{key}")
        if not found[key]:
            files[key] = [text_entry(LOCK[1:], text)]
        tell = one_at_a_time(emit)

        def make(key: str) -> tuple[Layer, ...]:
            return self._keep_layer(key, titles[key], files[key], compression, tell)

        # One is hashed while another one is on its way.
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
            made = dict(zip(files, threads.map(make, files), strict=True))
        return tuple(layer for key in titles for layer in made.get(key) or found[key] or ())

    def _keep_layer(
        self,
        key: str,
        title: str,
        entries: Sequence[Entry],
        compression: Compression,
        emit: Emit,
    ) -> tuple[Layer, ...]:
        made = layer_of(
            entries,
            title=title,
            below=os.path.dirname(LOCK[1:]),
            mtime=self._mtime,
            compression=compression,
        )
        self._registry.push_blob(_REPOSITORY, _EMPTY, advance=lambda count: None)
        manifest = _manifest(_LAYER_TYPE, EMPTY, [made])
        self._push(Artifact(manifest=manifest, blobs=(made.blob,)), f"layer-{key}", emit)
        return (self._kept(made.blob.descriptor, made.diff_id, title),)

    def _keep(self, lock: EnvironmentLock, layers: Sequence[Layer], tag: str) -> None:
        """The environment as a whole, whose layers are there."""
        content = write_lock(lock).encode()
        described = describe(content, _LOCK_TYPE)
        blob = Blob(descriptor=described, title="lock", chunks=lambda: iter([content]))
        manifest = _manifest(_ARTIFACT_TYPE, described, layers)
        self._push(Artifact(manifest=manifest, blobs=(blob,)), tag, ignore)

    def _push(self, artifact: Artifact, tag: str, emit: Emit) -> None:
        push(
            artifact,
            registry=self._registry,
            repository=_REPOSITORY,
            tag=tag,
            clock=self._clock,
            emit=emit,
        )

    def _find(self, tag: str) -> tuple[Layer, ...] | None:
        manifest = self._registry.find_manifest(_REPOSITORY, tag)
        if manifest is None:
            return None
        try:
            written = json.loads(manifest.content)["layers"]
            return tuple(self._read(each) for each in written) or None
        except (ValueError, KeyError, TypeError):
            # It is not ours, and is replaced.
            return None

    def _read(self, written: Mapping[str, Any]) -> Layer:
        descriptor = descriptor_from_json(written)
        notes = descriptor.annotations
        return self._kept(descriptor, notes[_DIFF_ID], notes[_TITLE])

    def _kept(self, layer: Descriptor, diff_id: str, title: str) -> Layer:
        """A layer that is in the registry."""
        plain = Descriptor(media_type=layer.media_type, digest=layer.digest, size=layer.size)
        blob = Blob(
            descriptor=plain,
            title=title,
            chunks=lambda: self._registry.chunks(_REPOSITORY, plain),
            mount_from=(_REPOSITORY,),
        )
        return Layer(blob=blob, diff_id=diff_id, created_by=f"acideploy {title}")


def environment_tags(request: EnvironmentRequest) -> tuple[str, ...]:
    """The tags that the environment of a request may be kept under."""
    return tuple(_tag(request, compression) for compression in get_args(Compression))


def _manifest(artifact_type: str, config: Descriptor, layers: Sequence[Layer]) -> Manifest:
    content = to_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": artifact_type,
            "config": descriptor_to_json(config),
            "layers": [descriptor_to_json(each) for each in _annotated(layers)],
        }
    )
    return Manifest(content=content, media_type=MANIFEST)


def _serving(request: EnvironmentRequest) -> frozenset[str]:
    """The names of the serving stack's distributions."""
    stack = request.stack
    named = (distribution(pin) for pin in (*stack.requirements, *stack.constraints))
    return frozenset(name for name in named if name)


def _annotated(layers: Sequence[Layer]) -> Iterator[Descriptor]:
    for layer in layers:
        stored = layer.blob.descriptor
        yield Descriptor(
            media_type=stored.media_type,
            digest=stored.digest,
            size=stored.size,
            annotations={_DIFF_ID: layer.diff_id, _TITLE: layer.blob.title},
        )


def _key(group: Group, python: str, mtime: int) -> str:
    return group.key(made_for=("1", ENVIRONMENT, python, str(mtime)))


def _tag(request: EnvironmentRequest, compression: Compression) -> str:
    return f"{request.image_digest}{_suffix(compression)}"


def _suffix(compression: Compression) -> str:
    return "" if compression == "none" else f"-{compression}"
