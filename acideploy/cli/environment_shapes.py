"""Packages and environments as JSON."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from acideploy.environment_lock import Locked
    from acideploy.environment_upgrade import Upgraded
    from acideploy.package import Package

Shape: TypeAlias = dict[str, Any]


def package(value: Package) -> Shape:
    """The retired shape, with what is known of the image."""
    return {
        "generateDockerfile": value.digest is None,
        "state": "Succeeded",
        "location": value.location,
        "digest": value.digest,
        "size": value.size,
    }


def locked(value: Locked) -> Shape:
    return {
        "path": str(value.path),
        "python": value.lock.python,
        "platform": value.lock.platform,
        "condaPackages": {each.name: f"{each.version}={each.build}" for each in value.lock.conda},
        "pipPackages": {each.name: each.version for each in value.lock.pip},
        "changes": None if value.changes is None else list(value.changes),
    }


def upgraded(value: Upgraded) -> Shape:
    return {
        "file": value.file,
        "python": value.python,
        "changes": [
            {
                "line": each.requirement.place.line,
                "before": each.requirement.text,
                "after": each.after,
                "reason": each.reason,
            }
            for each in value.changes
        ],
        "notChecked": [each.text for each in value.unchecked],
        "diff": value.difference,
    }


def upgraded_rows(shape: Shape) -> list[Shape]:
    """A row per line that changes."""
    return [OrderedDict(change) for change in shape["changes"]]


def upgraded_text(value: Upgraded) -> list[str]:
    """A line for each that changes, with its reason."""
    return [
        f"{each.requirement.place}: {each.requirement.text} -> {each.after}: {each.reason}"
        for each in value.changes
    ]
