from __future__ import annotations

import pytest

from acideploy.errors import BusyError, ServiceFailedError
from acideploy.targets.aci.leftover import after_failure, after_refusal, tell_leftover


def test_the_first_hint_stays_above_what_was_left() -> None:
    error = ServiceFailedError("it failed", hint="mend score.py")
    tell_leftover(error, "a group")
    assert error.hint == "mend score.py\nleft behind: a group"


def test_what_was_left_is_told_without_another_hint_too() -> None:
    error = ServiceFailedError("it failed")
    tell_leftover(error, "a group")
    assert error.hint == "left behind: a group"


def test_what_somebody_else_is_at_is_not_called_left() -> None:
    error = BusyError("another deploy", hint="wait")
    tell_leftover(error, "a group")
    assert error.hint == "wait"


@pytest.mark.parametrize(
    ("earlier", "command"),
    [(2, "acideploy service rollback -n web"), (None, "acideploy service delete -n web")],
)
def test_a_failed_revision_is_repaired_where_there_was_a_healthy_one(
    earlier: int | None, command: str
) -> None:
    left = after_failure("web", "web-1a", number=3, earlier=earlier)
    assert left.startswith("container group web-1a with revision 3")
    assert left.endswith(command)


GROUP = {"name": "web-1a"}


@pytest.mark.parametrize(
    ("before", "now", "earlier", "words"),
    [
        (True, GROUP, 2, "the service as it was before"),
        (False, GROUP, None, "acideploy service delete -n web"),
        (True, None, 2, "revision 2 comes back with: acideploy service rollback -n web"),
        (True, None, None, "acideploy service delete -n web --purge"),
        (False, None, None, "acideploy service delete -n web --purge"),
    ],
)
def test_after_a_refusal_it_is_told_what_is_there(
    before: bool, now: dict[str, str] | None, earlier: int | None, words: str
) -> None:
    assert after_refusal("web", before=before, now=now, earlier=earlier).endswith(words)
