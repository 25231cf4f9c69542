"""The conda packages that can be had and are nearest to what the user's lines ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.utils import canonicalize_name

from acideploy.config.values import Requirement
from acideploy.environment.conda import CondaFailed, solve
from acideploy.environment.conda_part import CondaPart
from acideploy.environment.conda_spec import parse_conda_spec, pip_specifier
from acideploy.environment.explain import mentioned
from acideploy.environment.platforms import Platform
from acideploy.environment.upgrade.loosen import Conflict, Loosened, OutOfRuns, loosen
from acideploy.environment.upgrade.pins import Move, Pin, pin_of


def nearest_conda_set(part: CondaPart, *, platform: Platform, runs: int) -> tuple[Move, ...]:
    """The lines to change, with versions that make a set; Python is as it is asked for.

    `runs` is how often the solver may be asked. Raises Conflict, OutOfRuns, and what `solve` raises
    for channels that cannot be read.
    """
    search = _Search(part, platform, runs)
    pinned = {name: pin.floor for name, pin in search.pins.items() if pin.floor}
    found = loosen(pinned, search.attempt)
    return tuple(
        Move(
            requirement=requirement,
            name=name,
            version=found.versions[name],
            reason=_reason(name, search.pins.keys(), found),
        )
        for name, pin in search.pins.items()
        if name in found.versions
        for requirement in pin.against(found.versions[name])
    )


class _Search:
    def __init__(self, part: CondaPart, platform: Platform, runs: int) -> None:
        self._part = part
        self._platform = platform
        self._runs = runs
        self._specs: dict[str, str] = {}
        self.pins: dict[str, Pin] = {}
        for spec, origin in zip(part.specs[::-1], part.origins[::-1], strict=False):
            self._add(spec, origin)

    def _add(self, spec: str, origin: Requirement) -> None:
        parsed = parse_conda_spec(origin.text)
        specifier = pip_specifier(parsed.version) if parsed else None
        if parsed and specifier is not None and parsed.name.lower() != "python":
            name = canonicalize_name(parsed.name)
            self.pins[name] = pin_of(name, [(f"{parsed.name}{specifier}", origin)])
            channel = spec.rpartition("::")[0]
            self._specs[spec] = f"{channel}::{parsed.name}" if channel else parsed.name

    def attempt(self, loose: frozenset[str]) -> Mapping[str, str]:
        if self._runs <= 0:
            raise OutOfRuns
        self._runs -= 1
        specs = []
        for spec in self._part.specs:
            bare = self._specs.get(spec, spec)
            pin = self.pins.get(canonicalize_name(bare.rpartition("::")[2]))
            specs.append(f"{bare}>={pin.floor}" if pin and pin.name in loose else spec)
        try:
            found = solve(specs, self._part.channels, platform=self._platform, lowest=bool(loose))
        except CondaFailed as error:
            raise Conflict(error.explanation) from error
        return {canonicalize_name(each.name): each.version for each in found}


def _reason(name: str, names: Iterable[str], found: Loosened) -> str:
    output = found.conflicts.get(name, "")
    others = sorted(mentioned(output) & set(names) - {name})
    if "No candidates were found" in output and not others:
        return "no channel has that version for this Python"
    return f"does not go with {', '.join(others) or 'what the others need'}"
