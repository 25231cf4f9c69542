"""A wheel with nothing in it but requirements: what they name is no longer asked for directly.

uv's `lowest-direct` takes the lowest versions of what is asked for directly, and the newest of all
else. https://docs.astral.sh/uv/concepts/resolution/#resolution-strategy
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement

REST = "acideploy-rest"
_WHEEL = "Wheel-Version: 1.0\nGenerator: acideploy\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def write_rest(lines: Sequence[str], scratch: Path) -> str:
    """Writes a wheel that needs these, and returns the line that asks for it."""
    needs = [str(Requirement(line.partition(" #")[0].strip())) for line in lines]
    digest = hashlib.sha256("\n".join(needs).encode()).hexdigest()
    # uv keeps what it knows of a file: another content is another version.
    version = f"0+{digest[:12]}"
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {REST}",
        f"Version: {version}",
        *(f"Requires-Dist: {need}" for need in needs),
    ]
    stem = f"acideploy_rest-{version}"
    path = scratch / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{stem}.dist-info/METADATA", "\n".join(metadata) + "\n")
        archive.writestr(f"{stem}.dist-info/WHEEL", _WHEEL)
        archive.writestr(f"{stem}.dist-info/RECORD", "")
    return f"{REST} @ {path.as_uri()}"
