"""The versions that requirement lines keep to, and the same lines with the bound taken away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.specifiers import Specifier
from packaging.version import InvalidVersion, Version

from acideploy.config.values import Requirement
from acideploy.environment.pip_lines import allows, distribution, parsed
from acideploy.environment.request import EnvironmentRequest

_EXACT = ("==", "===", "~=")
_UPPER = ("<", "<=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A distribution, the lines that ask for it, as pip reads them, and the user's own spelling of
    each. `floor` is the version that they keep to; None where any newer one will do."""

    name: str
    lines: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    floor: str | None = None

    @property
    def is_exact(self) -> bool:
        """Whether one version alone is asked for."""
        return any(each.operator in ("==", "===") for each in _clauses(self.lines))

    @property
    def is_ceiling(self) -> bool:
        """Whether older versions will do, and newer ones will not."""
        return all(each.operator in (*_UPPER, "!=") for each in _clauses(self.lines))

    @property
    def at_least(self) -> tuple[str, ...]:
        return tuple(with_specifier(line, f">={self.floor}") for line in self.lines)

    @property
    def at_most(self) -> tuple[str, ...]:
        return tuple(with_specifier(line, f"<={self.floor}") for line in self.lines)

    def against(self, version: str) -> Iterator[Requirement]:
        """The user's lines that do not allow a version."""
        for line, requirement in zip(self.lines, self.requirements, strict=True):
            if not allows(line, version):
                yield requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One of the user's lines that asks for what cannot be had, with the version that can."""

    requirement: Requirement
    name: str
    version: str
    reason: str


def pins_of(request: EnvironmentRequest) -> tuple[Pin, ...]:
    """Every distribution that the user's lines name, in their order."""
    origins: dict[str, list[Requirement]] = {}
    for name, requirement in request.origins:
        origins.setdefault(name, []).append(requirement)
    grouped: dict[str, list[tuple[str, Requirement]]] = {}
    for line in request.lines:
        name = distribution(line) or ""
        if name and " @ " not in line and origins.get(name):
            grouped.setdefault(name, []).append((line, origins[name].pop(0)))
    return tuple(pin_of(name, asked) for name, asked in grouped.items())


def pin_of(name: str, asked: Sequence[tuple[str, Requirement]]) -> Pin:
    """One distribution, of lines as pip reads them and as the user wrote them."""
    lines = tuple(line for line, _ in asked)
    requirements = tuple(requirement for _, requirement in asked)
    return Pin(name=name, lines=lines, requirements=requirements, floor=_floor(lines))


def with_specifier(line: str, specifier: str) -> str:
    """The line with other versions; extras and markers stay."""
    wanted = parsed(line)
    assert wanted is not None
    extras = f"[{','.join(sorted(wanted.extras))}]" if wanted.extras else ""
    marker = f" ; {wanted.marker}" if wanted.marker else ""
    return f"{wanted.name}{extras}{specifier}{marker}"


def _floor(lines: Sequence[str]) -> str | None:
    """The version to look for newer ones from: of exact ones, else of lower bounds, else the upper
    one. None without anything that keeps newer versions away."""
    clauses = _clauses(lines)
    if not any(each.operator in (*_EXACT, *_UPPER) for each in clauses):
        return None
    for operators, choose in ((_EXACT, max), ((">=", ">"), max), (_UPPER, min)):
        found = (_of(each) for each in clauses if each.operator in operators)
        versions = [version for version in found if version]
        if versions:
            return choose(versions).public
    return None


def _clauses(lines: Sequence[str]) -> list[Specifier]:
    return [clause for line in lines if (wanted := parsed(line)) for clause in wanted.specifier]


def _of(clause: Specifier) -> Version | None:
    try:
        return Version(clause.version.removesuffix(".*"))
    except InvalidVersion:
        return None
