"""Which of several pins stand in each other's way: the fewest that have to give way.

A solver is asked, again and again, with some pins loose. It keeps a loose one at its version where
it can, so most of the work is its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from acideploy.environment.explain import mentioned

# From the names that are loose to the versions of all that are pinned. Raises Conflict.
Attempt: TypeAlias = Callable[[frozenset[str]], Mapping[str, str]]


class Conflict(Exception):
    """There is no set of packages; `output` is what the solver said."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


class OutOfRuns(Exception):
    """The solver may not be asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loosened:
    """`versions` are those of all pins; `conflicts` says, for each that gave way, what the solver
    said of the set with it."""

    versions: Mapping[str, str]
    conflicts: Mapping[str, str] = field(default_factory=dict)


def loosen(pinned: Mapping[str, str], attempt: Attempt, *, loose: Iterable[str] = ()) -> Loosened:
    """Loosens those that are in the way, beside those that are `loose`. `pinned` are versions.

    Raises Conflict where all of them loose is still no set, and OutOfRuns.
    """
    given, conflicts = frozenset(loose), dict[str, str]()
    while True:
        try:
            versions = attempt(given | conflicts.keys())
            break
        except Conflict as conflict:
            tight = pinned.keys() - given - conflicts.keys()
            if not tight:
                raise
            # Without a name, or when naming them one after the other takes long, all at once.
            more = tight & mentioned(conflict.output) if len(conflicts) < 12 else tight
            conflicts |= dict.fromkeys(sorted(more or tight), conflict.output)
    return _tightened(pinned, attempt, given, conflicts, versions)


def _tightened(
    pinned: Mapping[str, str],
    attempt: Attempt,
    given: frozenset[str],
    conflicts: Mapping[str, str],
    versions: Mapping[str, str],
) -> Loosened:
    """Puts back what need not have given way, for as long as the solver may be asked."""
    kept = dict(conflicts)
    with contextlib.suppress(OutOfRuns):
        for name in conflicts:
            if versions.get(name) == pinned[name]:
                del kept[name]
                continue
            try:
                versions = attempt(given | (kept.keys() - {name}))
                del kept[name]
            except Conflict as conflict:
                kept[name] = conflict.output
    return Loosened(versions=versions, conflicts=kept)
