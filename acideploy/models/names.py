"""What models are called in a layout's index. Light: shell completion needs nothing else.

The reference of a model is `models/<name>:<version>`. A reference allows fewer names than a model
does (https://github.com/opencontainers/image-spec/blob/v1.1.0/annotations.md: single separators
between letters and digits, or two dashes), so other runs of separators are written in
hexadecimal between plus signs: `a..b` becomes `a+2e2e+b`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from acideploy.models import NAME

_PREFIX = "models/"
_REFERENCE = re.compile(rf"{_PREFIX}([a-zA-Z0-9._+-]+):([1-9][0-9]*)")
_SEPARATORS = re.compile(r"[-._]+")
_PLAIN = {"-", ".", "_", "--"}


def to_reference(name: str, version: int) -> str:
    """`models/iris:1` for version 1 of iris."""

    def escape(run: re.Match[str]) -> str:
        plain = run.group() in _PLAIN and run.end() < len(name)
        return run.group() if plain else f"+{run.group().encode().hex()}+"

    return f"{_PREFIX}{_SEPARATORS.sub(escape, name).rstrip('+')}:{version}"


def from_reference(reference: str | None) -> tuple[str, int] | None:
    """Name and version; None where the reference is not that of a model."""
    match = _REFERENCE.fullmatch(reference or "")
    if match is None:
        return None
    parts = match[1].split("+")
    try:
        parts[1::2] = [bytes.fromhex(part).decode("ascii") for part in parts[1::2]]
    except ValueError:
        return None
    name = "".join(parts)
    return (name, int(match[2])) if NAME.fullmatch(name) else None


def model_ids(directory: Path) -> list[str]:
    """The models of the layout in `directory` as `name:version`, sorted, for completion.

    Nothing where there is no layout that can be read: a shell must not be disturbed.
    """
    return [f"{name}:{version}" for name, version in sorted(_models(directory))]


def model_names(directory: Path) -> list[str]:
    """The names of the models of the layout in `directory`, as `model_ids` does."""
    return sorted({name for name, _ in _models(directory)})


def _models(directory: Path) -> list[tuple[str, int]]:
    try:
        manifests = json.loads((directory / "index.json").read_bytes())["manifests"]
        references = [
            each.get("annotations", {}).get("org.opencontainers.image.ref.name")
            for each in manifests
        ]
        return [model for each in references if (model := from_reference(each)) is not None]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
