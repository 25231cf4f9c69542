"""The two keys of a service, in a file that only their owner and the server can read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from acideploy.atomic import write_atomically
from acideploy.disk import storage_error
from acideploy.errors import StorageError
from acideploy.targets import Keys
from acideploy.targets.keys import check_key, new_key


@dataclass(frozen=True, slots=True)
class KeyFile:
    """`keys.json` of a revision; the server reads it again when it changes."""

    path: Path

    def read(self) -> Keys | None:
        try:
            fields = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return None
        return Keys(primary=fields["primaryKey"], secondary=fields["secondaryKey"])

    def require(self) -> Keys:
        """Raises StorageError where there are none."""
        if keys := self.read():
            return keys
        raise StorageError(f"{self.path} is missing", hint="deploy the service again")

    def set(self, *, primary: str | None = None, secondary: str | None = None) -> Keys:
        """Changes the keys that are given, makes those that are missing, keeps the others.

        Raises ConfigurationError for what no header can carry, and StorageError.
        """
        for key in (primary, secondary):
            check_key(key)
        known = self.read()
        keys = Keys(
            primary=primary or (known.primary if known else new_key()),
            secondary=secondary or (known.secondary if known else new_key()),
        )
        fields = {"primaryKey": keys.primary, "secondaryKey": keys.secondary}
        try:
            write_atomically(self.path, json.dumps(fields).encode(), mode=0o600)
        except OSError as error:
            raise storage_error("write", self.path, error) from error
        return keys
