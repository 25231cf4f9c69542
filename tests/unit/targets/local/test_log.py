"""Reading log files from their end, and as they grow."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.targets.local.log import FileLog, follow


@pytest.mark.parametrize("lines", [0, 1, 3, 10_000, 200_000])
def test_the_tail_is_the_last_lines(tmp_path: Path, lines: int) -> None:
    log = tmp_path / "log"
    content = [f"line {number}" for number in range(100_000)]
    log.write_text("\n".join(content) + "\n")
    assert FileLog(log).tail(lines).splitlines() == (content[-lines:] if lines else [])


def test_no_log_has_an_empty_tail(tmp_path: Path) -> None:
    assert FileLog(tmp_path / "none").tail(10) == ""


def test_following_goes_on_over_a_new_file_and_ends_with_the_service(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\ntwo\n")
    gone = False
    lines = follow(lambda: None if gone else FileLog(log), lines=1, clock=SystemClock())
    assert next(lines) == "two"
    with log.open("a") as file:
        file.write("three\nfo")
    assert next(lines) == "three"
    log.rename(tmp_path / "old")
    log.write_text("after a restart\n")
    assert next(lines) == "after a restart"
    gone = True
    assert list(lines) == []
