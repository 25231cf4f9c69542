"""What is written down about a revision: an artifact in the registry, beside the image.

It is pushed before the container group is changed, and named by the group's tag, so that whoever
sees the group can take the deploy up; it gets its own tag, `r<number>`, when the revision has been
seen healthy. No secret is in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol

from acideploy.clock import Clock
from acideploy.events import ignore
from acideploy.models.claims import TaggedRegistry
from acideploy.registry import Artifact, Blob, Manifest
from acideploy.registry.descriptor import (
    EMPTY,
    EMPTY_CONTENT,
    MANIFEST,
    describe,
    descriptor_from_json,
    descriptor_to_json,
    to_json,
)
from acideploy.registry.push import push

KIND = "application/vnd.acideploy.revision.v1+json"
_TAG = re.compile(r"r([1-9][0-9]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One deploy of a service to Azure.

    `image` is `<registry>/<repository>@<digest>`, `image_id` the digest of its config. `parts`
    names the content of each part, so that two deploys can be compared. `group` is the container
    group as it was asked for, without its secrets; `secrets` are the names of what it lacks.
    `environment` is that of the inference config, without its passwords.
    `origin` is the directory that the code came from, `certificate` the public one, as PEM.
    """

    number: int
    service: str
    created_time: str
    image: str
    image_id: str
    parts: Mapping[str, str]
    group: Mapping[str, Any]
    models: tuple[str, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    environment_digest: str | None = None
    description: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    auth_enabled: bool = False
    ssl_enabled: bool = False
    app_insights_enabled: bool = False
    cname: str | None = None
    certificate: str | None = None
    entry_script: str = ""
    source_directory: str | None = None
    origin: str = ""


class RecordRegistry(TaggedRegistry, Protocol):
    """A registry whose repositories can be deleted."""

    def delete_repository(self, repository: str) -> None:
        """Every manifest and every tag of it; no error where there is no such repository."""


class Revisions:
    """The revisions of one service, in `repository` of the registry. Raises RegistryError."""

    def __init__(self, registry: RecordRegistry, repository: str, *, clock: Clock) -> None:
        self._registry = registry
        self.repository = repository
        self._clock = clock

    def numbers(self) -> tuple[int, ...]:
        """Of those that have been healthy, newest first."""
        found = (_TAG.fullmatch(tag) for tag in self._registry.tags(self.repository))
        return tuple(sorted((int(match[1]) for match in found if match), reverse=True))

    def read(self, reference: str) -> Revision | None:
        """The revision of a tag (`r3`) or a digest; None where there is none that can be read."""
        manifest = self._registry.find_manifest(self.repository, reference)
        if manifest is None:
            return None
        try:
            config = descriptor_from_json(json.loads(manifest.content)["config"])
            written = json.loads(b"".join(self._registry.chunks(self.repository, config)))
            known = {each.name for each in fields(Revision)}
            kept = {name: value for name, value in written.items() if name in known}
            return Revision(**{**kept, "models": tuple(kept.get("models", ()))})
        except (ValueError, KeyError, TypeError):
            return None

    def write(self, revision: Revision, *, tag: str | None = None) -> str:
        """The digest of the record, which is in the registry then."""
        content = json.dumps(asdict(revision), sort_keys=True).encode()
        config = Blob(
            descriptor=describe(content, KIND),
            title=f"record of revision {revision.number}",
            chunks=lambda: iter([content]),
        )
        nothing = Blob(descriptor=EMPTY, title="nothing", chunks=lambda: iter([EMPTY_CONTENT]))
        manifest = Manifest(
            content=to_json(
                {
                    "schemaVersion": 2,
                    "mediaType": MANIFEST,
                    "artifactType": KIND,
                    "config": descriptor_to_json(config.descriptor),
                    "layers": [descriptor_to_json(EMPTY)],
                }
            ),
            media_type=MANIFEST,
        )
        push(
            Artifact(manifest=manifest, blobs=(config, nothing)),
            registry=self._registry,
            repository=self.repository,
            tag=tag,
            clock=self._clock,
            emit=ignore,
        )
        return manifest.digest

    def confirm(self, digest: str, number: int) -> None:
        """Gives a revision that is healthy its tag; what has one already keeps it."""
        manifest = self._registry.find_manifest(self.repository, digest)
        if manifest:
            self._registry.push_manifest(self.repository, manifest, tag=f"r{number}")

    def purge(self) -> None:
        """Deletes every record and every image beside them."""
        self._registry.delete_repository(self.repository)
