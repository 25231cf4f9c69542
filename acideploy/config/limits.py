"""What every reader of a document refuses or repairs in the same way."""

from __future__ import annotations

from acideploy.config.checked import Findings
from acideploy.config.problem import Place

MAX_DEPTH = 50
# An alias counts as all that it repeats, so this stops a "billion laughs" too.
MAX_NODES = 20_000


def duplicate_key(key: str, first: Place, second: Place, findings: Findings) -> None:
    findings.warning(
        "duplicate-key",
        f"{key} is given twice, first in line {first.line}; this one counts",
        second,
        "remove one of them",
    )


def without_surrogates(text: str) -> str:
    """Joins the two halves that JSON writes some characters in; a lone half becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
