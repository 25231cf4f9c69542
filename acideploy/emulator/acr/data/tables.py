"""What is in a registry, in tables: repositories, manifests, tags, which blobs, open uploads."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from acideploy.emulator.acr.data.rows import Manifest, Repository, Tag

_CONTENTS = ("acr_tags", "acr_manifests", "acr_blobs", "acr_uploads")


class Tables:
    """The rows of one registry. Called by the thread of the event loop only."""

    def __init__(self, database: sqlite3.Connection, registry: str) -> None:
        self._database = database
        self._registry = registry

    def repository(self, name: str) -> Repository | None:
        return next(iter(self._repositories("AND name = ?", name)), None)

    def repositories(self) -> list[Repository]:
        return self._repositories("ORDER BY name")

    def keep_repository(self, name: str, now: str) -> None:
        """Makes a repository, or notes that something in it has changed."""
        self._run(
            "INSERT INTO acr_repositories (registry, name, created, updated) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET updated = excluded.updated",
            name,
            now,
            now,
        )

    def manifest(self, repository: str, digest: str) -> Manifest | None:
        return next(iter(self._manifests("AND digest = ?", repository, digest)), None)

    def manifests(self, repository: str) -> list[Manifest]:
        return self._manifests("ORDER BY digest", repository)

    def referrers(self, repository: str, subject: str) -> list[Manifest]:
        return self._manifests("AND subject = ? ORDER BY created, digest", repository, subject)

    def keep_manifest(self, repository: str, manifest: Manifest, now: str) -> None:
        self._run(
            "INSERT INTO acr_manifests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '{}') "
            "ON CONFLICT DO UPDATE SET media_type = excluded.media_type, "
            "updated = excluded.updated",
            repository,
            manifest.digest,
            manifest.media_type,
            manifest.body,
            manifest.subject,
            json.dumps(manifest.described),
            now,
            now,
        )

    def tag(self, repository: str, name: str) -> Tag | None:
        return next(iter(self._tags("AND name = ?", repository, name)), None)

    def tags(self, repository: str) -> list[Tag]:
        return self._tags("ORDER BY name COLLATE NOCASE, name", repository)

    def tags_of(self, repository: str, digest: str) -> list[Tag]:
        return self._tags("AND digest = ? ORDER BY name", repository, digest)

    def keep_tag(self, repository: str, name: str, digest: str, now: str) -> None:
        self._run(
            "INSERT INTO acr_tags VALUES (?, ?, ?, ?, ?, ?, '{}') "
            "ON CONFLICT DO UPDATE SET digest = excluded.digest, updated = excluded.updated",
            repository,
            name,
            digest,
            now,
            now,
        )

    def drop_tag(self, repository: str, name: str) -> None:
        self._run(
            "DELETE FROM acr_tags WHERE registry = ? AND repository = ? AND name = ?",
            repository,
            name,
        )

    def drop_manifest(self, repository: str, digest: str) -> None:
        for table in ("acr_tags", "acr_manifests"):
            self._run(
                f"DELETE FROM {table} WHERE registry = ? AND repository = ? AND digest = ?",
                repository,
                digest,
            )

    def drop_repository(self, name: str) -> None:
        for table in _CONTENTS:
            self._run(f"DELETE FROM {table} WHERE registry = ? AND repository = ?", name)
        self._run("DELETE FROM acr_repositories WHERE registry = ? AND name = ?", name)

    def drop_registry(self) -> None:
        for table in (*_CONTENTS, "acr_repositories"):
            self._run(f"DELETE FROM {table} WHERE registry = ?")
        self._run("DELETE FROM acr_registries WHERE id = ?")

    def lock(self, repository: str, reference: str, locks: dict[str, bool]) -> None:
        """Keeps the attributes of a repository (no reference), a manifest or a tag."""
        text = json.dumps(locks)
        if not reference:
            statement = "UPDATE acr_repositories SET locks = ?2 WHERE registry = ?1 AND name = ?3"
            self._run(statement, text, repository)
            return
        table, column = ("acr_manifests", "digest") if ":" in reference else ("acr_tags", "name")
        self._run(
            f"UPDATE {table} SET locks = ?2 "
            f"WHERE registry = ?1 AND repository = ?3 AND {column} = ?4",
            text,
            repository,
            reference,
        )

    def blob_size(self, repository: str, digest: str) -> int | None:
        """The size of a blob that can be reached through this repository."""
        row = self._run(
            "SELECT size FROM acr_blobs WHERE registry = ? AND repository = ? AND digest = ?",
            repository,
            digest,
        ).fetchone()
        return row[0] if row else None

    def link_blob(self, repository: str, digest: str, size: int) -> None:
        self._run("INSERT OR IGNORE INTO acr_blobs VALUES (?, ?, ?, ?)", repository, digest, size)

    def unlink_blob(self, repository: str, digest: str) -> None:
        self._run(
            "DELETE FROM acr_blobs WHERE registry = ? AND repository = ? AND digest = ?",
            repository,
            digest,
        )

    def blobs(self, repository: str) -> list[str]:
        rows = self._run(
            "SELECT digest FROM acr_blobs WHERE registry = ? AND repository = ?", repository
        )
        return [digest for (digest,) in rows]

    def is_linked(self, digest: str) -> bool:
        """Whether any repository has the blob."""
        statement = "SELECT 1 FROM acr_blobs WHERE registry = ? AND digest = ? LIMIT 1"
        return self._run(statement, digest).fetchone() is not None

    def usage(self) -> int:
        """The bytes of all that is stored; of what repositories share once."""
        blobs = self._run(
            "SELECT COALESCE(SUM(size), 0) FROM "
            "(SELECT DISTINCT digest, size FROM acr_blobs WHERE registry = ?)"
        ).fetchone()[0]
        manifests = self._run(
            "SELECT COALESCE(SUM(length(body)), 0) FROM acr_manifests WHERE registry = ?"
        ).fetchone()[0]
        return int(blobs + manifests)

    def open_upload(self, repository: str, upload: str, started: str) -> None:
        self._run("INSERT INTO acr_uploads VALUES (?, ?, ?, ?)", repository, upload, started)

    def upload_started(self, repository: str, upload: str) -> str | None:
        row = self._run(
            "SELECT started FROM acr_uploads WHERE registry = ? AND repository = ? AND id = ?",
            repository,
            upload,
        ).fetchone()
        return row[0] if row else None

    def close_upload(self, repository: str, upload: str) -> None:
        self._run(
            "DELETE FROM acr_uploads WHERE registry = ? AND repository = ? AND id = ?",
            repository,
            upload,
        )

    def _repositories(self, condition: str, *values: str) -> list[Repository]:
        rows = self._run(
            f"SELECT name, created, updated, locks FROM acr_repositories "
            f"WHERE registry = ? {condition}",
            *values,
        )
        return [
            Repository(name=name, created=created, updated=updated, locks=json.loads(locks))
            for name, created, updated, locks in rows
        ]

    def _manifests(self, condition: str, *values: str) -> list[Manifest]:
        rows = self._run(
            "SELECT digest, media_type, body, subject, described, created, updated, locks "
            f"FROM acr_manifests WHERE registry = ? AND repository = ? {condition}",
            *values,
        )
        return [
            Manifest(
                digest=row[0],
                media_type=row[1],
                body=row[2],
                subject=row[3],
                described=json.loads(row[4]),
                created=row[5],
                updated=row[6],
                locks=json.loads(row[7]),
            )
            for row in rows
        ]

    def _tags(self, condition: str, *values: str) -> list[Tag]:
        rows = self._run(
            "SELECT name, digest, created, updated, locks FROM acr_tags "
            f"WHERE registry = ? AND repository = ? {condition}",
            *values,
        )
        return [
            Tag(
                name=row[0], digest=row[1], created=row[2], updated=row[3], locks=json.loads(row[4])
            )
            for row in rows
        ]

    def _run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Every statement's first parameter is the registry."""
        return self._database.execute(statement, (self._registry, *values))
