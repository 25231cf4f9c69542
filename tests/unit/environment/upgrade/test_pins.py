"""Which versions lines keep to, and the lines without that."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.config.problem import Place
from acideploy.config.values import Requirement
from acideploy.environment.request import EnvironmentRequest
from acideploy.environment.upgrade.pins import pin_of, pins_of
from acideploy.serving import ServingStack


def asked(line: str) -> tuple[str, Requirement]:
    return line, Requirement(text=line, place=Place(file="conda.yml", line=1, column=1))


@pytest.mark.parametrize(
    ("lines", "floor"),
    [
        (["x==1.0"], "1.0"),
        (["x==1.27.*"], "1.27"),
        (["x===1.0"], "1.0"),
        (["x~=1.4"], "1.4"),
        (["x==2.0.0-alpha0"], "2.0.0a0"),
        (["x==1.6.0+cpu"], "1.6.0"),
        (["x>=1,<2"], "1"),
        (["x<=0.90"], "0.90"),
        (["x>=1", "x==1.5"], "1.5"),
        (["x"], None),
        (["x>=1"], None),
        (["x!=1"], None),
    ],
)
def test_a_line_keeps_to_the_version_that_it_names(lines: list[str], floor: str | None) -> None:
    assert pin_of("x", [asked(line) for line in lines]).floor == floor


def test_a_loosened_line_keeps_its_extras_and_its_marker() -> None:
    pin = pin_of("x", [asked("x[b,a]==1.0 ; python_version < '3.9' # why")])
    assert pin.at_least == ('x[a,b]>=1.0 ; python_version < "3.9"',)
    assert pin.at_most == ('x[a,b]<=1.0 ; python_version < "3.9"',)


def test_of_two_lines_only_the_one_that_is_in_the_way_changes() -> None:
    pin = pin_of("x", [asked("x>=1"), asked("x==1.5")])
    assert [each.text for each in pin.against("1.6")] == ["x==1.5"]
    assert list(pin.against("1.5")) == []


def test_what_pip_finds_elsewhere_is_no_pin() -> None:
    lines = ("--no-index", "./x-1.0-py3-none-any.whl", "x @ https://x/x.whl", "y==1")
    request = EnvironmentRequest(
        python="3.11",
        lines=lines,
        directory=Path(),
        stack=ServingStack(python="3.11", requirements=(), constraints=()),
        origins=(("x", asked(lines[2])[1]), ("y", asked("y==1")[1])),
    )
    assert [pin.name for pin in pins_of(request)] == ["y"]
