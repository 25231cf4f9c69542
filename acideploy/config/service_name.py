"""What a service can be called."""

from __future__ import annotations

import re

from acideploy.config.problem import Problem

# The rule of the retired service; it is also part of a host name.
NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
SHORTEST, LONGEST = 3, 32


def check_service_name(name: str) -> tuple[Problem, ...]:
    if NAME.fullmatch(name) and SHORTEST <= len(name) <= LONGEST:
        return ()
    better = suggested_name(name)
    return (
        Problem(
            code="bad-service-name",
            severity="error",
            message=f"{name!r} is not a service name: {SHORTEST} to {LONGEST} lower-case letters, "
            "digits and dashes, starting with a letter and ending with a letter or digit",
            hint=f"call it {better}" if better else None,
        ),
    )


def suggested_name(name: str) -> str | None:
    """The nearest name that is allowed."""
    dashed = re.sub(r"[^a-z0-9]+", "-", name.lower())
    nearest = dashed.lstrip("-0123456789")[:LONGEST].rstrip("-")
    return nearest if len(nearest) >= SHORTEST else None
