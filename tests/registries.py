"""What tests of registries share: a clock that does not wait, small blobs and artifacts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone

from acideploy.registry import Artifact, Blob, Manifest
from acideploy.registry.authentication import Credential, Entra
from acideploy.registry.descriptor import MANIFEST, describe, descriptor_to_json, to_json
from tests.parts.acr import ENTRA_TOKEN
from tests.parts.registry import RunningRegistry

OCTETS = "application/octet-stream"
CONFIG = "application/vnd.oci.image.config.v1+json"


class InstantClock:
    """Never waits: the seconds that it is asked for have passed at once. `slept` lists them."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + timedelta(seconds=sum(self.slept))

    def monotonic(self) -> float:
        return time.monotonic() + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def owner() -> Credential:
    """Who may do everything in the registry that is dressed up as Azure's."""
    return Entra(token=lambda: ENTRA_TOKEN)


def blob_of(
    content: bytes, *, title: str = "blob", mount_from: Sequence[str] = (), chunk: int = 1 << 16
) -> Blob:
    def chunks() -> Iterator[bytes]:
        return (content[start : start + chunk] for start in range(0, len(content), chunk))

    descriptor = describe(content, OCTETS)
    return Blob(descriptor=descriptor, title=title, chunks=chunks, mount_from=tuple(mount_from))


def manifest_of(config: Blob, layers: Sequence[Blob]) -> Manifest:
    written = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {**descriptor_to_json(config.descriptor), "mediaType": CONFIG},
        "layers": [descriptor_to_json(each.descriptor) for each in layers],
    }
    return Manifest(content=to_json(written), media_type=MANIFEST)


def artifact_of(*layers: Blob) -> Artifact:
    """A manifest with these layers, and a configuration that is told from others by them."""
    said = to_json({"layers": [each.descriptor.digest for each in layers]})
    config = blob_of(said, title="configuration")
    return Artifact(manifest=manifest_of(config, layers), blobs=(*layers, config))


def assert_whole(part: RunningRegistry) -> None:
    """No tag of any repository refers to a blob that the repository does not give out."""
    assert part.missing_blobs() == frozenset()
    for repository in part.repositories():
        for tag in part.tags(repository):
            manifest = part.manifest(repository, tag)
            for each in (manifest["config"], *manifest["layers"]):
                assert part.gives_out(repository, each["digest"]), (repository, tag, each)
