"""What a request to Azure Container Registry needs, and what an identity may do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.parts.traffic import Request

ACTIONS = ("pull", "push", "delete", "metadata_read", "metadata_write")
BY_METHOD = {"POST": ("pull", "push"), "PUT": ("pull", "push"), "PATCH": ("pull", "push")}
METADATA = {"GET": "metadata_read", "PATCH": "metadata_write", "DELETE": "delete"}
# Repositories may be named as the things in them: the last word that fits decides.
DATA_PATH = re.compile(
    r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs|tags)/(?P<reference>uploads/[^/]*|[^/]*)"
)
METADATA_PATH = re.compile(
    r"/acr/v1/(?P<name>.+?)(/(?P<kind>_tags|_manifests)(/(?P<reference>.+))?)?"
)


@dataclass(frozen=True)
class Identity:
    """Somebody, and what the roles allow: these actions on the repositories of this pattern."""

    name: str
    actions: tuple[str, ...] = ACTIONS
    repositories: str = ".*"

    def allowed(self, scope: Scope) -> Scope:
        """The part of a scope that the identity may have."""
        if scope.kind == "registry":
            return scope if "metadata_read" in self.actions else scope.with_actions()
        if not re.fullmatch(self.repositories, scope.name):
            return scope.with_actions()
        known = ACTIONS if "*" in scope.actions else scope.actions
        return scope.with_actions(*(each for each in known if each in self.actions))


@dataclass(frozen=True)
class Scope:
    """Actions on one thing, as `repository:models/iris:pull,push`."""

    kind: str
    name: str
    actions: tuple[str, ...]

    def with_actions(self, *actions: str) -> Scope:
        return Scope(self.kind, self.name, actions)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}:{','.join(self.actions)}"

    @property
    def claim(self) -> dict[str, object]:
        """How a token says it."""
        return {"type": self.kind, "name": self.name, "actions": list(self.actions)}

    def granted(self, claims: list[Mapping[str, object]]) -> bool:
        """True when the claims of a token contain this scope."""
        granted: set[str] = set()
        for claim in claims:
            if (claim["type"], claim["name"]) == (self.kind, self.name):
                actions = claim["actions"]
                assert isinstance(actions, list)
                granted |= set(actions)
        return set(self.actions) <= granted


def read_scopes(text: str) -> list[Scope]:
    """The scopes of a token request, several with spaces between. ValueError for anything else."""
    scopes = []
    for part in text.split():
        thing, actions = part.rsplit(":", 1)
        kind, name = thing.split(":", 1)
        scopes.append(Scope(kind, name, tuple(actions.split(","))))
    return scopes


def needed_scopes(request: Request) -> list[Scope]:
    """What a token has to allow for this request; nothing for the ping of the version."""
    if request.path in ("/v2/_catalog", "/acr/v1/_catalog"):
        return [Scope("registry", "catalog", ("*",))]
    if found := DATA_PATH.fullmatch(request.path):
        return [*_data_scopes(request, found["name"]), *_mount_scopes(request)]
    if found := METADATA_PATH.fullmatch(request.path):
        return [Scope("repository", found["name"], (METADATA.get(request.method, "delete"),))]
    return []


def _data_scopes(request: Request, name: str) -> list[Scope]:
    actions = (
        ("delete",) if request.method == "DELETE" else BY_METHOD.get(request.method, ("pull",))
    )
    return [Scope("repository", name, actions)]


def _mount_scopes(request: Request) -> list[Scope]:
    source = request.query.get("from")
    return [Scope("repository", source, ("pull",))] if source else []
