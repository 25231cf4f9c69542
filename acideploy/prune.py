"""What a workspace keeps to be fast, and no service uses any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from acideploy.environment.request import EnvironmentRequest
from acideploy.image.read import place_of
from acideploy.image.reference import parse_image_reference
from acideploy.parts import Parts
from acideploy.registry.directory import DirectoryRegistry
from acideploy.targets.local.record import Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """The bytes of what was removed: environments by digest, images by name in an engine, and
    packages and base images by name in the store."""

    environments: Mapping[str, int]
    images: Mapping[str, int]
    stored: Mapping[str, int]


def prune(parts: Parts) -> Pruned:
    """Removes it. What is in a registry is others' too, and stays."""
    target = parts.target()
    revisions = [revision for _, revision in target.folders.revisions()]
    processes = {each.parts["environment"] for each in revisions if each.runtime == "process"}
    stored: Mapping[str, int] = {}
    if isinstance(parts.registry, DirectoryRegistry):
        kept = {reference for each in revisions for reference in _stored_for(each, parts)}
        stored = parts.registry.remove_all_but(kept, of=("environments:", "bases/"))
    return Pruned(
        environments=parts.environments.remove_all_but(processes),
        images=target.prune(),
        stored=stored,
    )


def _stored_for(revision: Revision, parts: Parts) -> Iterator[str]:
    """What an image like that of the revision is made of, besides its models and its code."""
    if revision.runtime == "container" and revision.base:
        request = EnvironmentRequest.from_json(revision.environment_request)
        yield from (f"environments:{tag}" for tag in parts.layers.tags(request))
        repository, tag = place_of(parse_image_reference(revision.base["name"]))
        yield f"{repository}:{tag}"
