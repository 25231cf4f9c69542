"""Images, made of layers without a daemon: every digest is known before anything is pushed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from acideploy.registry import Artifact, Blob

Compression: TypeAlias = Literal["none", "gzip"]

# The one platform that Azure Container Instances runs Linux containers on.
PLATFORM = ("linux", "amd64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer of an image: the blob, the digest of its tar uncompressed, and what it is."""

    blob: Blob
    diff_id: str
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The image below: its name as the user knows it, its manifest's digest, its config.

    `layers` are in a repository of the registry that images are made in.
    """

    name: str
    digest: str
    config: Mapping[str, Any]
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image, bottom layer first. `config` is the image's configuration as it is written."""

    artifact: Artifact
    config: Blob
    layers: tuple[Layer, ...]

    @property
    def digest(self) -> str:
        """Of the manifest: what a registry calls it."""
        return self.artifact.manifest.digest

    @property
    def id(self) -> str:
        """Of the config: what a container engine calls it."""
        return self.config.descriptor.digest

    @property
    def size(self) -> int:
        """Bytes of all layers as they are stored."""
        return sum(layer.blob.descriptor.size for layer in self.layers)
