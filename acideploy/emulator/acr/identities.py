"""Who may use a registry's content, as its resources say now."""

from __future__ import annotations

import secrets

from acideploy.emulator.acr.credentials import admin_passwords, is_token_password
from acideploy.emulator.acr.data.registry import Scopes
from acideploy.emulator.acr.registry_document import TYPE
from acideploy.emulator.acr.scope_maps import SYSTEM_DEFINED
from acideploy.emulator.cloud import Cloud
from acideploy.emulator.store import Document

# The name that builds log in with; its password is known to this process alone.
BUILDER = "acr-tasks"


class RegistryIdentities:
    """The users of one registry; `identifier` is the registry's id."""

    def __init__(self, cloud: Cloud, identifier: str) -> None:
        self._cloud = cloud
        self._id = identifier
        self.builder_password = secrets.token_urlsafe(30)

    @property
    def login_server(self) -> str:
        return self._cloud.sites.address(f"registry:{self._id.rpartition('/')[2].lower()}")

    @property
    def anonymous_pull(self) -> bool:
        registry = self._registry()
        return bool(registry and registry["properties"]["anonymousPullEnabled"])

    def admin(self, username: str, password: str) -> bool:
        if username == BUILDER and _same(password, self.builder_password):
            return True
        registry = self._registry()
        if registry is None or not registry["properties"]["adminUserEnabled"]:
            return False
        if username.lower() != registry["name"].lower():
            return False
        known = admin_passwords(self._cloud, registry).values()
        return any(_same(password, each) for each in known)

    def token(self, username: str, password: str) -> Scopes | None:
        """What a token may do: nothing in particular when its scope map is gone."""
        identifier = f"{self._id}/tokens/{username}"
        token = self._part("tokens", identifier)
        if token is None or token["properties"]["status"] != "enabled":
            return None
        if not is_token_password(self._cloud, identifier, password):
            return None
        scope_map = token["properties"]["scopeMapId"]
        system = SYSTEM_DEFINED.get(scope_map.rpartition("/")[2])
        if system:
            return Scopes.of(system[1])
        found = self._part("scopeMaps", scope_map)
        return Scopes.of(found["properties"]["actions"] if found else ())

    def _registry(self) -> Document | None:
        return self._cloud.store.get(TYPE.lower(), self._id.lower())

    def _part(self, name: str, identifier: str) -> Document | None:
        return self._cloud.store.get(f"{TYPE}/{name}".lower(), identifier.lower())


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())
