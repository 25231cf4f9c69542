"""Layers of environments in a registry: one tag for each layer, one for each environment.

A layer's tag names what went in, an environment's what was asked for. An environment's manifest
lists its layers and has its lock as the config.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from acideploy.clock import Clock
from acideploy.events import Emit, ignore
from acideploy.image import Layer
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

REPOSITORY = "environments"
_ARTIFACT_TYPE = "application/vnd.acideploy.environment.v1+json"
_LAYER_TYPE = "application/vnd.acideploy.environment.layer.v1+json"
_LOCK_TYPE = "application/vnd.acideploy.environment.lock.v1+toml"
_DIFF_ID, _TITLE, _TAG = "acideploy.diff-id", "acideploy.packages", "acideploy.tag"
_EMPTY = Blob(descriptor=EMPTY, title="configuration", chunks=lambda: iter([EMPTY_CONTENT]))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLayer:
    """A layer that is in the repository under `tag`, to be mounted from there."""

    tag: str
    layer: Layer


class KeptEnvironments:
    """The repository of environments in a registry."""

    def __init__(self, registry: Registry, *, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def find(self, tag: str) -> tuple[KeptLayer, ...]:
        """The layers of a tag, bottom first; none where there is no such tag that we wrote."""
        manifest = self._registry.find_manifest(REPOSITORY, tag)
        if manifest is None:
            return ()
        try:
            written = json.loads(manifest.content)["layers"]
            return tuple(self._read(descriptor_from_json(each)) for each in written)
        except (ValueError, KeyError, TypeError):
            # It is not ours, and is replaced.
            return ()

    def keep_layer(self, tag: str, layer: Layer, *, emit: Emit) -> KeptLayer:
        """Sees that the layer is there."""
        self._registry.push_blob(REPOSITORY, _EMPTY, advance=lambda count: None)
        self._push(tag, _LAYER_TYPE, EMPTY, [KeptLayer(tag=tag, layer=layer)], [layer.blob], emit)
        return self._read(_described(KeptLayer(tag=tag, layer=layer)))

    def keep_environment(self, tag: str, layers: Sequence[KeptLayer], *, lock: str) -> None:
        """Makes an environment of layers that are there. `lock` is its lock's text."""
        content = lock.encode()
        config = describe(content, _LOCK_TYPE)
        blob = Blob(descriptor=config, title="lock", chunks=lambda: iter([content]))
        self._push(tag, _ARTIFACT_TYPE, config, layers, [blob], ignore)

    def _push(
        self,
        tag: str,
        artifact_type: str,
        config: Descriptor,
        layers: Sequence[KeptLayer],
        blobs: Sequence[Blob],
        emit: Emit,
    ) -> None:
        fields = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": artifact_type,
            "config": descriptor_to_json(config),
            "layers": [descriptor_to_json(_described(each)) for each in layers],
        }
        manifest = Manifest(content=to_json(fields), media_type=MANIFEST)
        push(
            Artifact(manifest=manifest, blobs=tuple(blobs)),
            registry=self._registry,
            repository=REPOSITORY,
            tag=tag,
            clock=self._clock,
            emit=emit,
        )

    def _read(self, described: Descriptor) -> KeptLayer:
        notes = described.annotations
        plain = replace(described, annotations={})
        blob = Blob(
            descriptor=plain,
            title=notes[_TITLE],
            chunks=lambda: self._registry.chunks(REPOSITORY, plain),
            mount_from=(REPOSITORY,),
        )
        created_by = f"acideploy {notes[_TITLE]}"
        layer = Layer(blob=blob, diff_id=notes[_DIFF_ID], created_by=created_by)
        return KeptLayer(tag=notes[_TAG], layer=layer)


def _described(kept: KeptLayer) -> Descriptor:
    blob = kept.layer.blob
    notes = {_DIFF_ID: kept.layer.diff_id, _TITLE: blob.title, _TAG: kept.tag}
    return replace(blob.descriptor, annotations=notes)
