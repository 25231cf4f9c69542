"""The tables of all registries in the emulator's database, and the row of each registry."""

from __future__ import annotations

import secrets
import sqlite3

_SCHEMA = """
CREATE TABLE IF NOT EXISTS acr_registries (
    name TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, secret BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS acr_repositories (
    registry TEXT, name TEXT, created TEXT NOT NULL, updated TEXT NOT NULL,
    locks TEXT NOT NULL DEFAULT '{}', PRIMARY KEY (registry, name)
);
CREATE TABLE IF NOT EXISTS acr_blobs (
    registry TEXT, repository TEXT, digest TEXT, size INTEGER NOT NULL,
    PRIMARY KEY (registry, repository, digest)
);
CREATE INDEX IF NOT EXISTS acr_blob_digests ON acr_blobs (registry, digest);
CREATE TABLE IF NOT EXISTS acr_manifests (
    registry TEXT, repository TEXT, digest TEXT, media_type TEXT NOT NULL, body BLOB NOT NULL,
    subject TEXT, described TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL,
    locks TEXT NOT NULL DEFAULT '{}', PRIMARY KEY (registry, repository, digest)
);
CREATE TABLE IF NOT EXISTS acr_tags (
    registry TEXT, repository TEXT, name TEXT, digest TEXT NOT NULL, created TEXT NOT NULL,
    updated TEXT NOT NULL, locks TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (registry, repository, name)
);
CREATE TABLE IF NOT EXISTS acr_uploads (
    registry TEXT, repository TEXT, id TEXT, started TEXT NOT NULL,
    PRIMARY KEY (registry, repository, id)
);
"""


def registry_of(database: sqlite3.Connection, name: str) -> tuple[str, bytes]:
    """The id and the secret of a registry, which are made when it is first asked for."""
    # One by one: a script would end a transaction that somebody else has begun.
    for statement in _SCHEMA.split(";"):
        database.execute(statement)
    key = name.lower()
    database.execute(
        "INSERT OR IGNORE INTO acr_registries VALUES (?, ?, ?)",
        (key, secrets.token_hex(16), secrets.token_bytes(32)),
    )
    row = database.execute("SELECT id, secret FROM acr_registries WHERE name = ?", (key,))
    found: tuple[str, bytes] = row.fetchone()
    return found


def secret_of(database: sqlite3.Connection, registry: str) -> bytes | None:
    """The secret of the registry with this id."""
    row = database.execute("SELECT secret FROM acr_registries WHERE id = ?", (registry,)).fetchone()
    return row[0] if row else None
