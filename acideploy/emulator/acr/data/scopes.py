"""What a request needs, in the words of tokens: `repository:models/iris:pull,push`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from acideploy.emulator.acr.data.identities import ALL_ACTIONS, Scopes

# Repositories may be named as the things in them: the last word that fits decides.
DATA_PATH = re.compile(
    r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs|tags|referrers)/(?P<reference>uploads/[^/]*|[^/]*)"
)
METADATA_PATH = re.compile(
    r"/acr/v1/(?P<name>.+?)(/(?P<kind>_tags|_manifests)(/(?P<reference>.+))?)?"
)
_DATA_ACTIONS = {"GET": ("pull",), "HEAD": ("pull",), "DELETE": ("delete",)}
_METADATA_ACTIONS = {"GET": "metadata_read", "PATCH": "metadata_write", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class AccessScope:
    """Actions on one thing."""

    kind: str
    name: str
    actions: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}:{','.join(self.actions)}"

    @property
    def claim(self) -> dict[str, Any]:
        return {"type": self.kind, "name": self.name, "actions": list(self.actions)}

    def allowed(self, scopes: Scopes) -> AccessScope:
        """As much of it as somebody with these scopes may do."""
        if self.kind == "registry":
            lists = any(
                pattern == "*" and "metadata_read" in actions for pattern, actions in scopes.grants
            )
            return self if lists and self.name == "catalog" else replace(self, actions=())
        wanted = sorted(ALL_ACTIONS) if "*" in self.actions else self.actions
        allowed = scopes.actions(self.name) if self.kind == "repository" else frozenset()
        return replace(self, actions=tuple(each for each in wanted if each in allowed))

    def is_granted(self, claims: Iterable[Mapping[str, Any]]) -> bool:
        """Whether the claims of a token contain all of it."""
        granted: set[str] = set()
        for claim in claims:
            if (claim["type"], claim["name"]) == (self.kind, self.name):
                granted.update(claim["actions"])
        return set(self.actions) <= granted


def read_scopes(texts: Iterable[str]) -> list[AccessScope]:
    """The scopes of a token request; several in one text have spaces between them.

    Raises ValueError for anything else.
    """
    scopes = []
    for part in " ".join(texts).split():
        thing, actions = part.rsplit(":", 1)
        kind, name = thing.split(":", 1)
        scopes.append(AccessScope(kind, name, tuple(each for each in actions.split(",") if each)))
    return scopes


def needed_scopes(method: str, path: str, query: Mapping[str, str]) -> list[AccessScope]:
    """What a token has to allow for a request; nothing for the ping of the version."""
    if path in ("/v2/_catalog", "/acr/v1/_catalog"):
        return [AccessScope("registry", "catalog", ("*",))]
    if found := DATA_PATH.fullmatch(path):
        actions = _DATA_ACTIONS.get(method, ("pull", "push"))
        needed = [AccessScope("repository", found["name"], actions)]
        if method == "POST" and query.get("mount") and (source := query.get("from")):
            needed.append(AccessScope("repository", source, ("pull",)))
        return needed
    if found := METADATA_PATH.fullmatch(path):
        action = _METADATA_ACTIONS.get(method, "metadata_read")
        return [AccessScope("repository", found["name"], (action,))]
    return []
