"""What Azure answers to the PUT of a container group, and what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass

from acideploy.errors import AcideployError, AzureError


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """What was asked for, memory in GB, and what was answered: `code`, `status` and `said`."""

    service: str
    location: str
    cpu: float
    memory: float
    code: str
    status: int | None
    said: str
    hint: str | None

    def quoted(self, after: str, otherwise: str) -> str:
        """The name in single quotes behind some words of the answer."""
        found = re.search(rf"{after} '([^']+)'", self.said, re.IGNORECASE)
        return found[1] if found else otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Told as the error `kind`; `temporary` as in AzureError."""

    cause: str
    hint: str | None
    kind: type[AcideployError] = AzureError
    temporary: bool = False
