"""Which version a registration makes, when several are at it and no tag can be compared and set.

A registry replaces a tag without a word, so who writes the tag of a version has to be settled
before. Everybody writes down a claim of its own, as a tag of its own in `model-claims/<name>` that
nobody else ever writes, and then looks:

    <version>.claim.<id>    "I want this version"
    <version>.won.<id>      "it is mine"
    <version>.lost.<id>     "I go on to a higher one"

* Who sees a claim with a lower id, or a version that is taken, has lost.
* Who sees claims with higher ids only waits until each of them has lost; if one has won, it has
  lost itself. If one says nothing for half a minute (it was killed), it gives the version up.
* Who sees no other claim, or has seen all others lose, has won.

An id is random, but for a copy of a model: there it is made of the content, so that a copy that was
broken off goes on when it is made again.

Guaranteed, where a listing shows every tag whose writing had ended when it began (a registry in
one region; docker's own): of two that claim the same version, the later to look sees the other's
claim, so at most one wins; and the version of one that wins is never given again, not even when it
was deleted. Not guaranteed: that numbers follow each other without a gap, when a registration was
killed or failed; and in a registry that is replicated over regions, that two registrations in two
regions within the same seconds see each other. They would still be noticed: whoever finished reads
the tag back, and finds another's content or its own; and a locked tag is written by nobody.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Literal, Protocol

from acideploy.clock import Clock
from acideploy.errors import BusyError, ConflictError
from acideploy.models.repositories import claims_of, repository_of
from acideploy.observe import wait_for
from acideploy.registry import Blob, Manifest, Registry
from acideploy.registry.descriptor import (
    EMPTY,
    EMPTY_CONTENT,
    MANIFEST,
    descriptor_to_json,
    to_json,
)

_CLAIM = re.compile(r"([1-9][0-9]*)\.(claim|won|lost)\.([0-9a-f]+)")
_WAIT_SECONDS = 30.0
_LOOK_SECONDS = 0.1
_MANIFEST = Manifest(
    content=to_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": "application/vnd.acideploy.claim.v1+json",
            "config": descriptor_to_json(EMPTY),
            "layers": [descriptor_to_json(EMPTY)],
        }
    ),
    media_type=MANIFEST,
)


class TaggedRegistry(Registry, Protocol):
    """A registry that lists the tags of a repository."""

    def tags(self, repository: str) -> tuple[str, ...]:
        """Every tag; none where there is no such repository."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """Claims on one version by id, and whether it is there already."""

    states: dict[str, str]
    taken: bool


class Claims:
    """The claims on the versions of the model `name`, of whoever has the `claimant` id (hex)."""

    def __init__(
        self, name: str, *, registry: TaggedRegistry, clock: Clock, claimant: str | None = None
    ) -> None:
        self._name = name
        self._registry = registry
        self._clock = clock
        self._id = claimant or secrets.token_hex(8)

    def claim_next(self) -> int:
        """A version that nobody else has or will have. Raises RegistryError."""
        while True:
            version = 1 + max(self._known(), default=0)
            if self._contend(version):
                return version

    def claim(self, version: int) -> None:
        """That very version. Raises ConflictError where it is, or was, somebody else's."""
        seen = self._look(version)
        before = seen.states.pop(self._id, "claim")
        if before == "won":
            return
        if before == "lost" or seen.states or seen.taken or not self._contend(version):
            raise ConflictError(
                f"version {version} of model {self._name} is taken in {self._registry.location}",
                hint="register the files anew, as the next version",
            )

    def _known(self) -> set[int]:
        """Every version that is there, or was ever claimed."""
        claimed = (_CLAIM.fullmatch(tag) for tag in self._registry.tags(claims_of(self._name)))
        made = (tag for tag in self._registry.tags(repository_of(self._name)) if tag.isdecimal())
        return {int(found[1]) for found in claimed if found} | set(map(int, made))

    def _contend(self, version: int) -> bool:
        self._write(version, "claim")
        won = self._has_won(version)
        self._write(version, "won" if won else "lost")
        return won

    def _has_won(self, version: int) -> bool:
        try:
            return wait_for(
                lambda: self._verdict(self._look(version)),
                clock=self._clock,
                within=_WAIT_SECONDS,
                every=_LOOK_SECONDS,
                overdue=lambda: BusyError("another registration says nothing"),
            )
        except BusyError:
            return False

    def _verdict(self, seen: _Seen) -> bool | None:
        """Whether this claim has won; None while that is open."""
        others = {key: state for key, state in seen.states.items() if key != self._id}
        rivals = {key: state for key, state in others.items() if state != "lost"}
        if seen.taken or "won" in rivals.values() or any(key < self._id for key in rivals):
            return False
        return None if rivals else True

    def _look(self, version: int) -> _Seen:
        states: dict[str, str] = {}
        for tag in self._registry.tags(claims_of(self._name)):
            found = _CLAIM.fullmatch(tag)
            if found and int(found[1]) == version:
                # Its claim stays beside what became of it.
                state = states.get(found[3], "claim")
                states[found[3]] = found[2] if state == "claim" else state
        taken = str(version) in self._registry.tags(repository_of(self._name))
        return _Seen(states, taken)

    def _write(self, version: int, state: Literal["claim", "won", "lost"]) -> None:
        repository = claims_of(self._name)
        blob = Blob(descriptor=EMPTY, title="claim", chunks=lambda: iter([EMPTY_CONTENT]))
        if state == "claim":
            self._registry.push_blob(repository, blob, advance=lambda count: None)
        self._registry.push_manifest(repository, _MANIFEST, tag=f"{version}.{state}.{self._id}")
