"""The set of versions that can be installed and is nearest to what the user's lines ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from acideploy.config.values import Requirement
from acideploy.environment.explain import mentioned, without_wheels
from acideploy.environment.lock import PipPackage
from acideploy.environment.pip import only_sources
from acideploy.environment.pip_lines import distribution, is_option
from acideploy.environment.request import EnvironmentRequest
from acideploy.environment.upgrade.loosen import Conflict, Loosened, OutOfRuns, loosen
from acideploy.environment.upgrade.pins import Move, Pin, pins_of
from acideploy.environment.upgrade.rest import REST, write_rest
from acideploy.environment.uv import UvFailed

# How many pins are tried at older versions, one at a time.
_TRIED_ALONE = 8
_LOWEST = ("--resolution", "lowest-direct")


class Resolve(Protocol):
    def __call__(
        self, lines: Sequence[str], *, wheels_only: bool, more: Sequence[str]
    ) -> tuple[PipPackage, ...]:
        """What uv makes of the lines; `more` are arguments of its own. Raises UvFailed."""


class NoNearest(Exception):
    """No versions that could be found make a set. `requirement` is the line that has none at all,
    where it is one; `output` is uv's."""

    def __init__(self, output: str, requirement: Requirement | None = None) -> None:
        super().__init__(output)
        self.output = output
        self.requirement = requirement


def nearest_set(
    request: EnvironmentRequest, resolve: Resolve, *, scratch: Path, runs: int
) -> tuple[Move, ...]:
    """The lines to change, with versions that make a set; none where the lines are one already.

    `runs` is how often uv may be asked. Raises NoNearest, and OutOfRuns where that was too few.
    """
    search = _Search(request, resolve, scratch=scratch, runs=runs)
    search.find_alone()
    bounded = {pin.name: pin.floor for pin in search.pins.values() if pin.floor}
    try:
        found = loosen(bounded, search.attempt, loose=search.moved)
    except Conflict as conflict:
        if not search.lower_some(bounded, conflict.output):
            raise NoNearest(conflict.output) from conflict
        found = loosen(bounded, search.attempt, loose=search.moved)
    return tuple(
        Move(
            requirement=requirement,
            name=pin.name,
            version=found.versions[pin.name],
            reason=search.reason(pin, found),
        )
        for pin in search.pins.values()
        if pin.name in found.versions
        for requirement in pin.against(found.versions[pin.name])
    )


class _Search:
    """One search: what each pin can have by itself, and the set of them."""

    def __init__(
        self, request: EnvironmentRequest, resolve: Resolve, *, scratch: Path, runs: int
    ) -> None:
        self._request = request
        self._resolve = resolve
        self._scratch = scratch
        self._runs = runs
        self._sources: set[str] = set()
        self._lowered: set[str] = set()
        self._alone: dict[str, str] = {}
        self.pins: Mapping[str, Pin] = {pin.name: pin for pin in pins_of(request)}

    @property
    def moved(self) -> frozenset[str]:
        """What cannot be had at its version, whatever the others are."""
        return frozenset(
            name for name, version in self._alone.items() if any(self.pins[name].against(version))
        )

    def find_alone(self) -> None:
        """Finds for each line the nearest version with a wheel: newer ones first, then older ones,
        then the one that is asked for, from its source."""
        waiting = dict(self.pins)
        while waiting:
            lines = [line for pin in waiting.values() for line in _upwards(pin)]
            try:
                self._alone |= self._run(lines, "--no-deps", *_LOWEST)
                return
            except Conflict as conflict:
                named = waiting.keys() & mentioned(conflict.output)
                if not named:
                    raise NoNearest(conflict.output) from conflict
                for name in named:
                    self._alone |= self._find_odd(waiting.pop(name))

    def _find_odd(self, pin: Pin) -> Mapping[str, str]:
        output = ""
        for lines, source, more in (
            (_upwards(pin), False, _LOWEST),
            (pin.at_least if pin.is_ceiling and pin.floor else (), False, _LOWEST),
            (pin.at_most if pin.floor else (), False, ()),
            (pin.lines, True, ()),
            (pin.at_least if pin.floor else (), True, _LOWEST),
        ):
            if not lines:
                continue
            try:
                binary = only_sources([pin.name] if source else [])
                found = self._run(lines, "--no-deps", *binary, *more)
            except Conflict as conflict:
                output = output or conflict.output
                continue
            self._sources |= {pin.name} if source else set()
            self._lowered |= {pin.name} if lines == pin.at_most else set()
            return found
        raise NoNearest(output, pin.requirements[0])

    def attempt(self, loose: frozenset[str]) -> Mapping[str, str]:
        """The versions with just those pins loose."""
        while True:
            try:
                return self._attempt(loose)
            except Conflict as conflict:
                if not self._find_sources(conflict.output):
                    raise

    def _attempt(self, loose: frozenset[str]) -> Mapping[str, str]:
        direct = [
            line
            for line in self._request.lines
            if distribution(line) not in self.pins and not is_option(line)
        ]
        rest: list[str] = []
        for pin in self.pins.values():
            if pin.name in loose and pin.name in self._lowered:
                rest += pin.at_most
            elif pin.name in loose:
                direct += pin.at_least
            else:
                # Lowest is for what is loose: the others are to be the newest, as ever.
                (direct if pin.is_exact else rest).extend(pin.lines)
        named = self.pins.keys() | _names(direct)
        rest += [pin for pin in self._request.stack.requirements if distribution(pin) not in named]
        return self._run([*direct, write_rest(rest, self._scratch)], *_LOWEST)

    def lower_some(self, bounded: Mapping[str, str], output: str) -> bool:
        """Whether there is a set with one of the pins that are in the way, or else all of them, at
        an older version, since no newer one will do."""
        blamed = sorted(bounded.keys() & mentioned(output) - self._lowered)
        for names in (*({name} for name in blamed[:_TRIED_ALONE]), set(blamed)):
            self._lowered |= names
            try:
                self.attempt(frozenset(bounded))
            except Conflict:
                self._lowered -= names
            else:
                return True
        return False

    def _find_sources(self, output: str) -> bool:
        """Whether what uv failed for has no wheel in any version, so that its source will do."""
        found = {
            name
            for name in without_wheels(output) - self._sources - self.pins.keys()
            if not self._has_wheel(name)
        }
        self._sources |= found
        return bool(found)

    def _has_wheel(self, name: str) -> bool:
        try:
            self._run([name], "--no-deps")
        except Conflict:
            return False
        return True

    def _run(self, lines: Sequence[str], *arguments: str) -> Mapping[str, str]:
        if self._runs <= 0:
            raise OutOfRuns
        self._runs -= 1
        try:
            found = self._resolve(
                [*self._request.options, *lines],
                wheels_only=True,
                more=[*only_sources(self._sources), *arguments],
            )
        except UvFailed as error:
            raise Conflict(error.output) from error
        return {each.name: each.version for each in found if each.name in self.pins}

    def reason(self, pin: Pin, found: Loosened) -> str:
        """Why a pin could not be kept."""
        python, version = self._request.python, found.versions[pin.name]
        reasons = []
        alone = self._alone.get(pin.name, version)
        if any(pin.against(alone)):
            word = "after" if pin.name in self._lowered else "before"
            reasons.append(f"no wheel for Python {python} {word} {alone}")
        if output := found.conflicts.get(pin.name):
            known = (self.pins.keys() | _names(self._request.stack.requirements)) - {pin.name, REST}
            others = sorted(known & mentioned(output))
            reasons.append(f"does not go with {', '.join(others) or 'what the others need'}")
        elif version != alone:
            reasons.append(f"{alone} does not go with the others")
        return "; ".join(reasons)


def _upwards(pin: Pin) -> tuple[str, ...]:
    return pin.at_least if pin.floor and not pin.is_ceiling else pin.lines


def _names(lines: Sequence[str]) -> frozenset[str]:
    return frozenset(name for line in lines if (name := distribution(line)))
