from __future__ import annotations

from datetime import datetime, timezone

from acideploy.targets.aci.since import lines_since

MOMENT = datetime(2026, 11, 25, 10, 0, 0, 500000, tzinfo=timezone.utc)
LOG = (
    "2026-11-25T10:00:00.499999999Z before\n"
    "of before\n"
    "2026-11-25T10:00:00.5Z at\n"
    "of at\n"
    "2026-11-25T10:00:01Z after\n"
)


def test_lines_are_taken_from_the_moment_on_and_lose_their_times() -> None:
    assert lines_since(LOG, MOMENT) == "at\nof at\nafter\n"


def test_a_log_without_times_has_nothing_that_is_known_to_be_recent() -> None:
    assert lines_since("one\ntwo\n", MOMENT) == ""


def test_an_empty_line_stays_one() -> None:
    assert lines_since("2026-11-25T10:00:01Z \n", MOMENT) == "\n"
