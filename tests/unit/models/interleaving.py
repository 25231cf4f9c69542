"""Claimants side by side, one call to the registry at a time, in any order that is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Literal

from acideploy.errors import ConflictError
from acideploy.models.claims import Claims
from acideploy.models.repositories import claims_of, repository_of
from acideploy.progress import Advance
from acideploy.registry import Blob, Manifest, Pushed
from acideploy.registry.descriptor import MANIFEST, Descriptor

NAME = "iris"
PUBLISHED = Manifest(content=b"{}", media_type=MANIFEST)

Stored = dict[str, dict[str, Manifest]]

# `act`: its next call. `wait`: what it waits for does not come. `die`: as a killed process.
Step = tuple[Literal["act", "wait", "die"], int]
# Takes the steps that are possible, and gives the place of one of them.
Choose = Callable[[Sequence[Step]], int]


class KilledError(BaseException):
    """What a claimant raises that does not go on."""


@dataclass
class MemoryRegistry:
    """Tags by repository, and what each means. Whoever calls waits for its turn."""

    turn: Callable[[], None]
    stored: Stored
    # The number of tags when a look at the claims began.
    seen: int = 0

    @property
    def location(self) -> str:
        return "memory"

    def tags(self, repository: str) -> tuple[str, ...]:
        self.turn()
        if repository == claims_of(NAME):
            self.seen = size(self.stored)
        # No order is promised; this is the other one.
        return tuple(sorted(self.stored.get(repository, ()), reverse=True))

    def find_manifest(self, repository: str, reference: str) -> Manifest | None:
        return self.stored.get(repository, {}).get(reference)

    def push_manifest(self, repository: str, manifest: Manifest, *, tag: str | None) -> None:
        assert tag is not None
        self.turn()
        self.stored.setdefault(repository, {})[tag] = manifest

    def push_blob(self, repository: str, blob: Blob, *, advance: Advance) -> Pushed:
        return "present"

    def chunks(self, repository: str, blob: Descriptor) -> Iterator[bytes]:
        raise NotImplementedError


@dataclass
class Claimant:
    """One registration: it claims, and may publish what it has won. A thread of its own."""

    claimant: str
    stored: Stored
    version: int | None
    publishes: bool = True
    won: list[int] = field(default_factory=list)
    ended: bool = False
    waits: bool = False
    failure: BaseException | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.registry = MemoryRegistry(self._turn, self.stored)
        self._go = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)
        self._killed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._stopped.acquire()

    def act(self) -> None:
        """Does one call, and all that follows until the next."""
        self._go.release()
        self._stopped.acquire()

    def kill(self) -> None:
        self._killed = True
        self.act()
        self._thread.join()

    # A clock, too.

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, tz=timezone.utc)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.waits = True
        self._turn()
        self.waits = False

    def _turn(self) -> None:
        self._stopped.release()
        self._go.acquire()
        if self._killed:
            raise KilledError

    def _run(self) -> None:
        claims = Claims(NAME, registry=self.registry, clock=self, claimant=self.claimant)
        try:
            if self.version is None:
                won = claims.claim_next()
            else:
                claims.claim(self.version)
                won = self.version
            self.won.append(won)
            if self.publishes:
                self.registry.push_manifest(repository_of(NAME), PUBLISHED, tag=str(won))
        except (ConflictError, KilledError):
            pass
        except BaseException as error:
            self.failure = error
        finally:
            self.ended = True
            self._stopped.release()


def run(
    claimants: Sequence[str],
    choose: Choose,
    *,
    version: int | None = None,
    publishes: bool = True,
    patience: bool = True,
    deaths: int = 0,
) -> list[Claimant]:
    """Runs all to their end. They claim `version`, or for None the next one.

    Somebody who waits goes on when something has changed, or when nobody else can; without
    `patience` its half minute may also pass at any time. `deaths` of them may be killed.
    """
    stored: Stored = {}
    running = [Claimant(each, stored, version, publishes) for each in claimants]
    while steps := _steps(running, stored, patience=patience, deaths=deaths):
        kind, number = steps[choose(steps)]
        claimant = running[number]
        if kind == "die":
            deaths -= 1
            claimant.kill()
        else:
            claimant.seconds += 60 if kind == "wait" else 0
            claimant.act()
    for each in running:
        if each.failure:
            raise each.failure
    return running


def size(stored: Stored) -> int:
    return sum(map(len, stored.values()))


def _steps(
    running: Sequence[Claimant], stored: Stored, *, patience: bool, deaths: int
) -> list[Step]:
    alive = [number for number, each in enumerate(running) if not each.ended]
    moving = [
        each
        for each in alive
        if not running[each].waits or running[each].registry.seen != size(stored)
    ]
    steps: list[Step] = [("act", each) for each in moving]
    if not moving or not patience:
        steps += [("wait", each) for each in alive if running[each].waits]
    return steps + [("die", each) for each in alive if deaths]


def every_order(attempt: Callable[[Choose], None]) -> int:
    """Runs `attempt` once for each way to choose; returns how many there were."""
    path: list[tuple[int, int]] = []
    count = 0
    while True:
        depth = 0

        def choose(steps: Sequence[Step]) -> int:
            nonlocal depth
            if depth == len(path):
                path.append((0, len(steps)))
            depth += 1
            return path[depth - 1][0]

        attempt(choose)
        count += 1
        del path[depth:]
        while path and path[-1][0] + 1 == path[-1][1]:
            path.pop()
        if not path:
            return count
        path[-1] = (path[-1][0] + 1, path[-1][1])
