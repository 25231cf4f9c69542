"""What a role is given on, and the filters of lists."""

from __future__ import annotations

import re

from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.routes import Call

NAMESPACE = "Microsoft.Authorization"
_TERM = re.compile(r"\s*(\w+)\s*(?:eq\s*'([^']*)'|\(\s*(?:'([^']*)')?\s*\))\s*", re.IGNORECASE)


def terms(call: Call) -> dict[str, str]:
    """The terms of `atScope() and principalId eq 'x'`, all in lower case."""
    text = call.query.get("$filter", "")
    found = [_TERM.fullmatch(each) for each in re.split(r"\band\b", text)] if text else []
    if not all(found):
        raise ArmError(400, "InvalidFilter", f"The filter '{text}' is not supported.")
    return {term[1].lower(): (term[2] or term[3] or "").lower() for term in found if term}


def scope_of(call: Call) -> str:
    path: str = call.request.scope["path"]
    return path[: path.lower().rindex(f"/providers/{NAMESPACE}".lower())]
