"""The secrets of vaults: their versions, and those that are deleted but not gone."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from acideploy.emulator.cloud import Cloud, new_id
from acideploy.emulator.store import Document
from acideploy.emulator.vault.errors import (
    VaultError,
    bad_parameter,
    deleted_secret_not_found,
    secret_not_found,
)

_KIND = "vault secret"
_NAME = re.compile(r"[-0-9A-Za-z]{1,127}")
_LONGEST = 25 * 1024
_DAY = 24 * 3600
# Days, where a vault does not say otherwise.
RETENTION = 90
# What a backup begins with.
_BACKUP = b"(emulated secret)"


def retention(vault: Document) -> int:
    """Days for which a vault, and what is in it, can be recovered."""
    return int(vault["properties"].get("softDeleteRetentionInDays", RETENTION))


def forget_secrets(cloud: Cloud, vault: str) -> None:
    for secret in cloud.store.list(_KIND, f"{vault}/".lower()):
        cloud.store.delete(_KIND, f"{vault}/{secret['name']}".lower())


class Secrets:
    """What is in one vault. A secret is one document: its name and its versions, oldest first."""

    def __init__(self, cloud: Cloud, vault: Document) -> None:
        self._cloud = cloud
        self._prefix = f"{vault['name']}/".lower()
        self._days = retention(vault)

    def all(self, *, deleted: bool) -> list[Document]:
        secrets = self._cloud.store.list(_KIND, self._prefix)
        return [each for each in secrets if ("deletedDate" in each) == deleted]

    def find(self, name: str) -> Document:
        """A secret that is not deleted. Raises VaultError (404)."""
        found = self._get(name)
        if found is None or "deletedDate" in found:
            raise secret_not_found(name)
        return found

    def find_deleted(self, name: str) -> Document:
        found = self._get(name)
        if found is None or "deletedDate" not in found:
            raise deleted_secret_not_found(name)
        return found

    def add(self, name: str, body: Document) -> Document:
        """Makes a new version; returns the secret."""
        if not _NAME.fullmatch(name):
            raise bad_parameter(f"The request URI contains an invalid name: {name}")
        value = body.get("value")
        if not isinstance(value, str):
            raise bad_parameter("Property value has invalid value\r\n")
        if len(value.encode()) > _LONGEST:
            raise bad_parameter("The length of the secret value must not exceed 25600 bytes.")
        secret = self._get(name) or {"name": name, "versions": []}
        if "deletedDate" in secret:
            raise _deleted_conflict(secret)
        now = self._now()
        version = {
            "version": new_id().replace("-", ""),
            "value": value,
            "created": now,
            **_changes(body, {"enabled": True}),
            "updated": now,
        }
        return self._put({**secret, "versions": [*secret["versions"], version]})

    def change(self, name: str, version: str | None, body: Document) -> tuple[Document, Document]:
        """Changes what is said of a version, not its value; returns the secret and the version."""
        secret = self.find(name)
        old = version_of(secret, version)
        new = {**old, **_changes(body, old), "updated": self._now()}
        versions = [new if each is old else each for each in secret["versions"]]
        return self._put({**secret, "versions": versions}), new

    def delete(self, name: str) -> Document:
        now = self._now()
        times = {"deletedDate": now, "scheduledPurgeDate": now + self._days * _DAY}
        return self._put({**self.find(name), **times})

    def recover(self, name: str) -> Document:
        secret = self.find_deleted(name)
        return self._put({"name": secret["name"], "versions": secret["versions"]})

    def purge(self, name: str) -> None:
        secret = self.find_deleted(name)
        self._cloud.store.delete(_KIND, self._prefix + secret["name"].lower())

    def backup(self, name: str) -> str:
        """All versions of a secret as a text that only a vault can read."""
        return base64.urlsafe_b64encode(_BACKUP + json.dumps(self.find(name)).encode()).decode()

    def restore(self, backup: object) -> Document:
        """Puts back what a backup says. Raises VaultError for other texts, and names in use."""
        try:
            text = base64.urlsafe_b64decode(str(backup))
        except ValueError:
            text = b""
        if not text.startswith(_BACKUP):
            raise bad_parameter("Backup blob is corrupt or has been tampered with.")
        secret: Document = json.loads(text.removeprefix(_BACKUP))
        known = self._get(secret["name"])
        if known and "deletedDate" in known:
            raise _deleted_conflict(known)
        if known:
            raise VaultError(409, "Conflict", f"There is a secret {secret['name']} already.")
        return self._put(secret)

    def _get(self, name: str) -> Document | None:
        return self._cloud.store.get(_KIND, self._prefix + name.lower())

    def _put(self, secret: Document) -> Document:
        self._cloud.store.put(_KIND, self._prefix + secret["name"].lower(), secret)
        return secret

    def _now(self) -> int:
        return int(self._cloud.clock.now().timestamp())


def _deleted_conflict(secret: Document) -> VaultError:
    return VaultError(
        409,
        "Conflict",
        f"Secret {secret['name']} is currently in a deleted but recoverable state, and its name "
        "cannot be reused; in this state, the secret can only be recovered or purged.",
        inner="ObjectIsDeletedButRecoverable",
    )


def version_of(secret: Document, version: str | None) -> Document:
    """A version by its number, the newest without one. Raises VaultError (404)."""
    versions: list[Document] = secret["versions"]
    if not version:
        return versions[-1]
    for each in versions:
        if each["version"] == version.lower():
            return each
    raise secret_not_found(f"{secret['name']}/{version}")


def _changes(body: Document, old: Document) -> dict[str, Any]:
    attributes, tags = body.get("attributes"), body.get("tags")
    for name, given in (("attributes", attributes), ("tags", tags)):
        if given is not None and not isinstance(given, dict):
            raise bad_parameter(f"Property {name} has invalid value\r\n")
    attributes = attributes or {}
    changed: dict[str, Any] = {"enabled": attributes.get("enabled", old["enabled"])}
    for name in ("nbf", "exp"):
        time = attributes.get(name, old.get(name))
        if time is not None and not isinstance(time, int):
            raise bad_parameter(f"Property {name} has invalid value\r\n")
        changed[name] = time
    changed["contentType"] = body.get("contentType", old.get("contentType"))
    changed["tags"] = old.get("tags", {}) if tags is None else tags
    return changed
