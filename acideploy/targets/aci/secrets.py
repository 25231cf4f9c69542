"""Where keys, passwords and certificate keys of services are kept.

In the workspace's Key Vault; without one in files of this machine that only their owner can read.
Azure Container Instances takes secrets and never gives them back, so a redeploy, a rollback and
`get-keys` need them from here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from acideploy.atomic import write_atomically
from acideploy.disk import storage_error


class Secrets(Protocol):
    """Each secret is a few named values. Raises AzureError or StorageError."""

    @property
    def where(self) -> str:
        """For people: where they are."""

    def recovery(self, name: str) -> str:
        """For people: how a secret that was there may be had again."""

    def get(self, name: str) -> Mapping[str, str]:
        """The values; empty where there is no such secret."""

    def put(self, name: str, values: Mapping[str, str]) -> None: ...

    def delete(self, name: str) -> None:
        """No error where there is none."""


@dataclass(frozen=True, slots=True)
class FolderSecrets:
    """One file for each secret, in a folder."""

    folder: Path

    @property
    def where(self) -> str:
        return f"{self.folder} on this machine"

    def recovery(self, name: str) -> str:
        return "run this on the machine that deployed it"

    def get(self, name: str) -> Mapping[str, str]:
        path = self._path(name)
        try:
            return dict(json.loads(path.read_bytes()))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise storage_error("read", path, OSError(str(error))) from error

    def put(self, name: str, values: Mapping[str, str]) -> None:
        path = self._path(name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(path, json.dumps(dict(values)).encode(), mode=0o600)
        except OSError as error:
            raise storage_error("write", path, error) from error

    def delete(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._path(name).unlink()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def keys_name(group: str) -> str:
    """The secret with both keys of a service: they outlive its revisions."""
    return f"acideploy-{group}-keys"


def revision_name(group: str, number: int) -> str:
    """The secret with what a revision has of secret variables, certificate and key."""
    return f"acideploy-{group}-r{number}"
