"""Conda package specifications, and what pip would call the same thing.

The grammar is conda's `MatchSpec` as people write it in files: `numpy`, `numpy=1.18`,
`numpy==1.18.1`, `numpy>=1.18,<2`, `numpy 1.18.*`, `numpy=1.18.1=py36_0`, `conda-forge::numpy`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPEC = re.compile(
    r"""(?:(?P<channel>[^\s:]+)::)? (?P<name>[A-Za-z0-9_][A-Za-z0-9_.\-]*) \s* (?P<version>.*)""",
    re.VERBOSE,
)
_CLAUSE = re.compile(r"(?P<operator>[<>=!~]=?|)\s*(?P<version>[0-9A-Za-z.*+!_]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaSpec:
    """`version` is what follows the name, without a build: `=1.18`, `>=1.18,<2`, or empty."""

    name: str
    version: str = ""
    channel: str | None = None


def parse_conda_spec(text: str) -> CondaSpec | None:
    """None where the text is no package specification."""
    match = _SPEC.fullmatch(text.partition("[")[0].strip())
    if match is None:
        return None
    version = match["version"].strip()
    # The build string is a third part: `numpy=1.18.1=py36_0`, `numpy 1.18.1 py36_0`.
    exact = re.fullmatch(r"(={0,2})\s*([^=\s,|<>!~]+)(?:\s*=\s*|\s+)(\S+)", version)
    if exact:
        version = f"=={exact[2]}"
    return CondaSpec(name=match["name"], version=version, channel=match["channel"])


def pip_specifier(version: str) -> str | None:
    """The same range for pip (PEP 440). None where pip has no way to say it, such as `1.1|1.2`.

    A single `=`, or no operator, is conda's prefix match: `=1.18` is every 1.18.
    """
    if not version or version == "*":
        return ""
    if "|" in version:
        return None
    clauses = []
    for part in version.split(","):
        match = _CLAUSE.fullmatch(part.strip())
        if match is None:
            return None
        operator, number = match["operator"], match["version"]
        if number == "*":
            continue
        if operator in ("", "="):
            operator, number = "==", number if number.endswith("*") else f"{number}.*"
        elif operator not in ("==", "!=", "~="):
            # `>=1.18.*` means `>=1.18` to conda and is an error to pip.
            number = number.removesuffix("*").removesuffix(".")
        clauses.append(operator + _dotted_star(number))
    return ",".join(clauses)


def _dotted_star(number: str) -> str:
    """`1.18*` as `1.18.*`, the only way that pip writes a prefix."""
    if number.endswith("*") and not number.endswith(".*"):
        return number[:-1] + ".*"
    return number
