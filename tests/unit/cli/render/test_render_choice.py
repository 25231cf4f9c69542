from __future__ import annotations

import sys

import pytest

from acideploy.cli.render import chosen
from acideploy.cli.settings import Settings


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)


@pytest.mark.usefixtures("terminal")
def test_a_person_sees_it_live() -> None:
    assert chosen(Settings()) == "live"


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("TERM", "dumb")])
def test_a_log_gets_lines(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert chosen(Settings()) == "plain"


@pytest.mark.usefixtures("terminal")
def test_no_colour_is_no_reason_against_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert chosen(Settings()) == "live"


def test_a_file_gets_lines() -> None:
    assert chosen(Settings()) == "plain"


def test_a_flag_decides() -> None:
    assert chosen(Settings(progress="json")) == "json"
    assert chosen(Settings(progress="live")) == "live"


def test_only_errors_is_quiet_whatever_else_is_asked() -> None:
    assert chosen(Settings(progress="json", only_show_errors=True)) == "quiet"
