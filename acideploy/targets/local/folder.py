"""The folder of one service: its record, its keys, its lock, its revisions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acideploy.clock import Clock
from acideploy.disk import storage_error
from acideploy.errors import BusyError, EngineError, StorageError
from acideploy.lock import holder, lock
from acideploy.targets.local.container_server import ContainerServer
from acideploy.targets.local.engines import Engines
from acideploy.targets.local.key_file import KeyFile
from acideploy.targets.local.layout import RevisionDirectory
from acideploy.targets.local.log import FileLog, Log
from acideploy.targets.local.process_server import ProcessServer
from acideploy.targets.local.record import FILE_NAME, Record, Revision, read_record, write_record
from acideploy.targets.local.server import Server


@dataclass(frozen=True, slots=True)
class ServiceFolder:
    path: Path
    clock: Clock
    engines: Engines

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def failed_log(self) -> Path:
        """The log of a revision that never was healthy."""
        return self.path / "failed.log"

    def record(self) -> Record | None:
        return read_record(self.path)

    def save(self, record: Record, **changes: Any) -> Record:
        """Writes the record down with these changes, and returns it."""
        record = record.changed(self.clock.now(), **changes)
        write_record(self.path, record)
        return record

    def forget(self) -> None:
        """Takes the record away; the rest goes when the lock does."""
        (self.path / FILE_NAME).unlink(missing_ok=True)

    def revisions(self) -> tuple[Path, ...]:
        """The folders of all revisions, those that commands have left behind too."""
        directory = self.path / "revisions"
        return tuple(directory.iterdir()) if directory.is_dir() else ()

    def recorded(self) -> tuple[Revision, ...]:
        """The revisions that are written down; none, where that cannot be read."""
        try:
            record = self.record()
        except StorageError:
            return ()
        found = (record.current, record.candidate) if record else ()
        return tuple(revision for revision in found if revision)

    def files(self, revision: Revision) -> RevisionDirectory:
        return RevisionDirectory(self.path / "revisions" / str(revision.number))

    def key_file(self, revision: Revision) -> KeyFile:
        return KeyFile(self.files(revision).keys)

    def server(self, revision: Revision) -> Server:
        directory = self.files(revision)
        if run := revision.container:
            return ContainerServer(
                name=self.name,
                revision=revision,
                run=run,
                directory=directory,
                clock=self.clock,
                engines=self.engines,
            )
        return ProcessServer(
            name=self.name, revision=revision, directory=directory, clock=self.clock
        )

    def is_alive(self, revision: Revision) -> bool:
        """Whether it runs, as far as can be known: an engine may not answer."""
        try:
            return self.server(revision).is_alive()
        except EngineError:
            return False

    def log(self, record: Record) -> Log:
        """The log of the revision that serves, is about to, or failed, in that order."""
        revision = record.current or record.candidate
        return self.server(revision).log if revision else FileLog(self.failed_log)

    @contextmanager
    def locked(self, *, within: float = 0) -> Iterator[None]:
        """Keeps every other change of the service out. Raises BusyError where one is under way.

        A folder without a record is removed at the end: no service leaves nothing.
        """
        path = self.path / "service.lock"
        try:
            # Its owner's alone: there are keys, certificates and models in it.
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error("write", self.path, error) from error
        with lock(path, clock=self.clock, within=within, busy=lambda: self._busy(path)):
            try:
                yield
            finally:
                if not (self.path / FILE_NAME).exists():
                    shutil.rmtree(self.path, ignore_errors=True)

    def _busy(self, path: Path) -> BusyError:
        pid = holder(path)
        return BusyError(
            f"another command is changing service {self.name}" + (f" (pid {pid})" if pid else ""),
            hint="wait for it to finish, and run this again",
        )
