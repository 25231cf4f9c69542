"""The log of a service in Azure: as it is, as it comes, and what is left of the run before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acideploy.atomic import write_atomically
from acideploy.clock import Clock
from acideploy.disk import storage_error
from acideploy.errors import AzureError, StorageError
from acideploy.events import Said
from acideploy.observe import looks
from acideploy.targets.aci.narration import Narrator
from acideploy.targets.aci.rollout import read_log
from acideploy.targets.aci.since import lines_since
from acideploy.targets.aci.view import current_state

if TYPE_CHECKING:
    from acideploy.azure.rest import Rest

_FOLLOW_EVERY = 1.0
# Lines that are asked for each time: as many may be written between two looks.
_FOLLOWED = 2000
# As many as Azure keeps of a run that has ended.
_KEPT = 1000


class CrashLogs:
    """The logs of runs that crashed while they were waited for, one a service, in `folder`.

    Azure gives the log of the run that is, or was last: where the next one has begun, that of the
    one before is nowhere else. A log may hold anything, so only its owner may read it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, group: str) -> str:
        """Empty where there is none. Raises StorageError."""
        try:
            return self._path(group).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            raise storage_error("read", self._path(group), OSError(str(error))) from error

    def write(self, group: str, log: str) -> None:
        """Raises StorageError."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(self._path(group), log.encode(), mode=0o600)
        except OSError as error:
            raise storage_error("write", self._path(group), error) from error

    def delete(self, group: str) -> None:
        with suppress(FileNotFoundError):
            self._path(group).unlink()

    def _path(self, group: str) -> Path:
        return self._folder / f"{group}.log"


def recent_log(
    manager: Rest, group: Mapping[str, Any], *, lines: int, since: timedelta | None, clock: Clock
) -> str:
    """The last lines; with `since` those of them that are not older."""
    log = read_log(manager, group, lines=lines, timestamps=since is not None)
    return log if since is None else lines_since(log, clock.now() - since)


def previous_log(manager: Rest, group: Mapping[str, Any], kept: str, *, lines: int) -> str:
    """The last lines of the run before the one that is: Azure's while it waits for the next."""
    is_running = current_state(group).get("state") == "Running"
    log = kept if is_running else read_log(manager, group, lines=_KEPT) or kept
    return "".join(log.splitlines(keepends=True)[-lines:]) if lines else ""


def keep_crash(manager: Rest, group: Mapping[str, Any] | None, logs: CrashLogs) -> None:
    """Keeps the log of a run that crashed, while there is one."""
    if group is None:
        return
    # Whoever is told of a crash is not to be told of this instead.
    with suppress(AzureError, StorageError):
        if log := read_log(manager, group, lines=_KEPT):
            logs.write(str(group["name"]), log)


def followed_log(
    manager: Rest, group: Mapping[str, Any], *, service: str, lines: int, clock: Clock
) -> Iterator[str]:
    """The last lines, then each new one: Azure is asked for them each second."""
    log = read_log(manager, group, lines=_FOLLOWED)
    yield from log.splitlines()[-lines:] if lines else ()
    narrator = Narrator(service=service, before=group, log=log)
    for _ in looks(clock=clock, every=_FOLLOW_EVERY):
        with suppress(AzureError):
            log = read_log(manager, group, lines=_FOLLOWED)
            for event in narrator.tell(group, log):
                if isinstance(event, Said):
                    yield event.line
