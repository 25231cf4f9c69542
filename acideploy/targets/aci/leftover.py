"""What a deploy that failed leaves behind, and the command that removes or repairs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from acideploy.errors import AcideployError, BusyError


def tell_leftover(error: AcideployError, left: str) -> None:
    """Puts it below the first hint, which says how to mend the cause."""
    # Somebody else's deploy is under way: what there is, is theirs.
    if not isinstance(error, BusyError):
        error.hint = f"{error.hint}\nleft behind: {left}" if error.hint else f"left behind: {left}"


def after_failure(service: str, group: str, *, number: int, earlier: int | None) -> str:
    """Of a group that was made, and whose revision does not answer.

    `earlier` is the revision that was healthy before, None where none was.
    """
    there = f"container group {group} with revision {number}, which is billed; "
    if earlier is None:
        return f"{there}it goes with: acideploy service delete -n {service}"
    return f"{there}revision {earlier} comes back with: acideploy service rollback -n {service}"


def after_refusal(
    service: str, *, before: bool, now: Mapping[str, Any] | None, earlier: int | None
) -> str:
    """Of a group that Azure refused: whether there was one `before` that, and what is there `now`.

    `earlier` is the revision that was healthy before, None where none was.
    """
    if now and before:
        return "the service as it was before"
    if now:
        return f"container group {now['name']}; it goes with: acideploy service delete -n {service}"
    if before and earlier is not None:
        return (
            "no container group, as it had to be deleted first; "
            f"revision {earlier} comes back with: acideploy service rollback -n {service}"
        )
    return (
        "no container group, but the image, for the next try; "
        f"it goes with: acideploy service delete -n {service} --purge"
    )
