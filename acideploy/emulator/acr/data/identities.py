"""Who may come in: what the data plane asks the control plane."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

# What a scope map says, and the actions that clients ask for.
ACTIONS = {
    "content/read": "pull",
    "content/write": "push",
    "content/delete": "delete",
    "metadata/read": "metadata_read",
    "metadata/write": "metadata_write",
}
ALL_ACTIONS = frozenset(ACTIONS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """What a token of the registry may do: a repository's name or pattern, and actions."""

    grants: tuple[tuple[str, frozenset[str]], ...] = ()

    @staticmethod
    def of(actions: Iterable[str]) -> Scopes:
        """From the actions of a scope map, as `repositories/models/*/content/read`."""
        grants = []
        for action in actions:
            kind, _, rest = action.partition("/")
            repository, *verb = rest.rsplit("/", 2)
            if kind == "repositories" and (allowed := ACTIONS.get("/".join(verb))):
                grants.append((repository, frozenset({allowed})))
        return Scopes(grants=tuple(grants))

    def actions(self, repository: str) -> frozenset[str]:
        """What is allowed with a repository. `*` at the end of a pattern stands for anything."""
        return frozenset().union(
            *(actions for pattern, actions in self.grants if _fits(pattern, repository))
        )


class Identities(Protocol):
    """The users of one registry. Principals of Microsoft Entra may do all."""

    @property
    def login_server(self) -> str:
        """What clients call the registry, as `localhost:8444`."""

    @property
    def anonymous_pull(self) -> bool:
        """Whether anybody may read."""

    def admin(self, username: str, password: str) -> bool:
        """Whether these are the name and a password of the admin user, who may do all."""

    def token(self, username: str, password: str) -> Scopes | None:
        """What the registry's token of this name may do; None when the password is not its."""


def _fits(pattern: str, repository: str) -> bool:
    if pattern.endswith("*"):
        return repository.startswith(pattern[:-1])
    return pattern == repository
