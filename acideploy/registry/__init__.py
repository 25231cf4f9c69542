"""Where images and models are kept: content-addressed blobs, and names for some of them.

Two things are registries: an Azure Container Registry (or any that speaks the OCI distribution
protocol) and an OCI image layout, which is a directory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from acideploy.progress import Advance
from acideploy.registry.descriptor import Descriptor, describe

# What became of a blob: it was in the repository, came from another one, or was sent.
Pushed: TypeAlias = Literal["present", "mounted", "uploaded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A blob that can be pushed. `chunks` begins anew at each call, and gives all of its bytes.

    `title` is what people are told of it. `mount_from` are repositories of the registry that is
    pushed to which have the blob already.
    """

    descriptor: Descriptor
    title: str
    chunks: Callable[[], Iterator[bytes]]
    mount_from: tuple[str, ...] = ()


class Unmeasured(Protocol):
    """A blob that nobody has read yet, and that no registry can have."""

    @property
    def size(self) -> int | None:
        """Its bytes, where they are known beforehand."""

    def chunks(self, advance: Advance) -> Iterator[bytes]:
        """All of its bytes, anew at each call; `advance` counts them in the user's terms."""

    @property
    def descriptor(self) -> Descriptor:
        """Of what was given last, once all of it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The bytes of a manifest or an index, which its digest is of."""

    content: bytes
    media_type: str

    @property
    def descriptor(self) -> Descriptor:
        return describe(self.content, self.media_type)

    @property
    def digest(self) -> str:
        return self.descriptor.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A manifest, and every blob that it refers to: an image, a model, an environment."""

    manifest: Manifest
    blobs: tuple[Blob, ...]


class Registry(Protocol):
    """Blobs and manifests by repository. Every method may be called from several threads.

    Whatever is read is checked against its digest. Raises RegistryError (a registry) or
    StorageError (a directory).
    """

    @property
    def location(self) -> str:
        """`contoso.azurecr.io`, or the path of the directory."""

    def find_manifest(self, repository: str, reference: str) -> Manifest | None:
        """What a tag or a digest means in the repository; None where there is no such thing."""

    def chunks(self, repository: str, blob: Descriptor) -> Iterator[bytes]:
        """The bytes of a blob. The last is given only when all were what the digest says."""

    def push_blob(self, repository: str, blob: Blob, *, advance: Advance) -> Pushed:
        """Sees that the repository has the blob; `advance` counts the bytes that are sent."""

    def push_manifest(self, repository: str, manifest: Manifest, *, tag: str | None) -> None:
        """Adds a manifest whose blobs are all there, and makes `tag` mean it."""
