"""Findings, and what to do with them."""

from __future__ import annotations

import pytest

from acideploy.config.checked import Checked, Findings, require
from acideploy.config.problem import Place
from acideploy.errors import ConfigurationError


def _findings(*severities: str) -> Findings:
    findings = Findings()
    for line, severity in enumerate(severities, 1):
        getattr(findings, severity)("bad-value", "x", Place(file="f", line=line, column=1))
    return findings


def test_an_error_takes_the_value_away() -> None:
    assert _findings("warning", "note").checked(5).value == 5
    assert _findings("warning", "error").checked(5).value is None


def test_problems_come_by_file_line_and_column_with_the_main_file_first() -> None:
    findings = Findings(first="a")
    findings.note("bad-value", "4", Place(file="b", line=1, column=1))
    findings.note("bad-value", "3", Place(file="a", line=9, column=1))
    findings.note("bad-value", "2", Place(file="a", line=2, column=7))
    findings.note("bad-value", "1", Place(file="a", line=2, column=3))
    assert [each.message for each in findings.checked(0).problems] == ["1", "2", "3", "4"]


def test_the_same_finding_is_told_once() -> None:
    findings = _findings("note")
    findings.extend(findings.problems[:])
    assert len(findings.checked(0).problems) == 1


def test_require_returns_the_value_in_spite_of_warnings() -> None:
    assert require(_findings("warning").checked(5)) == 5


def test_require_raises_every_problem_when_one_is_an_error() -> None:
    with pytest.raises(ConfigurationError) as raised:
        require(_findings("warning", "error", "note").checked(5))
    assert [each.severity for each in raised.value.problems] == ["warning", "error", "note"]


def test_strict_turns_warnings_into_errors_and_lets_notes_be() -> None:
    with pytest.raises(ConfigurationError, match="1 error in the configuration") as raised:
        require(_findings("warning", "note").checked(5), strict=True)
    assert [each.severity for each in raised.value.problems] == ["error", "note"]
    assert require(_findings("note").checked(5), strict=True) == 5
    assert require(Checked(value=5), strict=True) == 5
