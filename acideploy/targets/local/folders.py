"""What is written down about all services of a workspace, one folder each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from acideploy.clock import Clock
from acideploy.config import check_service_name
from acideploy.errors import NotFoundError
from acideploy.targets.local.engines import Engines
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.record import FILE_NAME, Record, Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFolders:
    """The folders below `directory`."""

    directory: Path
    clock: Clock
    engines: Engines

    def names(self) -> tuple[str, ...]:
        """Those of the services that there are."""
        return tuple(sorted(path.parent.name for path in self.directory.glob(f"*/{FILE_NAME}")))

    def folder(self, name: str) -> ServiceFolder:
        """That of a service, which may not exist yet.

        Raises NotFoundError for what no service can be called: it may be a path.
        """
        if check_service_name(name):
            raise self.not_found(name)
        return ServiceFolder(self.directory / name, self.clock, self.engines)

    def all(self) -> tuple[ServiceFolder, ...]:
        return tuple(self.folder(name) for name in self.names())

    def record(self, name: str) -> Record:
        """What is written down about a service. Raises NotFoundError."""
        if record := self.folder(name).record():
            return record
        raise self.not_found(name)

    def not_found(self, name: str) -> NotFoundError:
        known = ", ".join(self.names())
        return NotFoundError(
            f"there is no service {name!r}" + (f", only {known}" if known else ""),
            hint="acideploy service list" if known else "acideploy model deploy -n NAME ...",
        )

    def revisions(self) -> Iterator[tuple[str, Revision]]:
        """Each that serves or is about to, with its service's name; damaged services have none."""
        for folder in self.all():
            for revision in folder.recorded():
                yield folder.name, revision

    def users_of(self, model: str) -> tuple[str, ...]:
        """The services that have the model `name:version`."""
        users = (name for name, revision in self.revisions() if model in revision.models)
        return tuple(dict.fromkeys(users))

    def ports(self, *, but: str) -> dict[int, str]:
        """The ports of all services but one."""
        return {revision.port: name for name, revision in self.revisions() if name != but}
