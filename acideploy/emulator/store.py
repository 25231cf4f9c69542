"""What the emulated cloud remembers: documents in a SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
"""


class Store:
    """Documents by kind and key, in the order of their keys.

    Used by one thread, the one with the event loop: each call is done before anyone else's begins.
    A key of Resource Manager is the resource's id in lower case, so that whatever lies below a
    resource begins with its key and a slash. Surfaces with data of another shape make tables of
    their own in `database`.
    """

    def __init__(self, path: Path | str) -> None:
        self.database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A crash of the machine may lose the last moments, a crash of the emulator nothing.
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=NORMAL")
        self.database.executescript(_SCHEMA)

    def get(self, kind: str, key: str) -> Document | None:
        found = self.database.execute(
            "SELECT body FROM documents WHERE kind = ? AND key = ?", (kind, key)
        ).fetchone()
        return json.loads(found[0]) if found else None

    def put(self, kind: str, key: str, document: Document) -> None:
        """Keeps a document, in place of what was there. The order of its keys is kept."""
        self.database.execute(
            "INSERT INTO documents VALUES (?, ?, ?) "
            "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            (kind, key, json.dumps(document, separators=(",", ":"))),
        )

    def delete(self, kind: str, key: str) -> bool:
        """Forgets a document; False when there was none."""
        done = self.database.execute(
            "DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key)
        )
        return done.rowcount > 0

    def list(self, kind: str, prefix: str = "") -> list[Document]:
        """The documents whose keys begin with `prefix`, in the order of their keys."""
        rows = self.database.execute(
            "SELECT body FROM documents WHERE kind = ? AND key >= ? AND key < ? ORDER BY key",
            (kind, prefix, prefix + "\U0010ffff"),
        )
        return [json.loads(body) for (body,) in rows]

    def delete_below(self, prefix: str) -> None:
        """Forgets every document, of any kind, whose key begins with `prefix`."""
        self.database.execute(
            "DELETE FROM documents WHERE key >= ? AND key < ?", (prefix, prefix + "\U0010ffff")
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is done inside, or nothing. No `await` in it: others would take part."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT")

    def close(self) -> None:
        self.database.close()
