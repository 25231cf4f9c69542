"""Where environments are made: a folder of its own for each, that nothing clears away meanwhile."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from acideploy.clock import Clock
from acideploy.errors import BusyError
from acideploy.lock import lock

# Long enough for another deploy to finish the same environment, which then serves both.
_WAIT_FOR_OTHER = 1800.0


@contextmanager
def scratch_folder(place: Path, digest: str, *, clock: Clock) -> Iterator[Path]:
    """A folder below `place` for making the environment `digest`, once no other deploy does.

    It begins with the digest, whose lock says that it is in use. Raises BusyError and OSError.
    """
    place.mkdir(parents=True, exist_ok=True)
    with (
        lock(place / f"{digest}.lock", clock=clock, within=_WAIT_FOR_OTHER, busy=busy),
        tempfile.TemporaryDirectory(dir=place, prefix=f"{digest}-") as folder,
    ):
        yield Path(folder)


def busy() -> BusyError:
    return BusyError("another deploy has been making the same environment for half an hour")
