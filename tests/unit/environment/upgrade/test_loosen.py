"""Which pins give way, with a solver that is a table of what does not go together."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from acideploy.environment.upgrade.loosen import Conflict, OutOfRuns, loosen

PINS = {"a": "1", "b": "1", "c": "1", "d": "1"}


class Solver:
    """Every one of `apart` has a name that has to be loose; it says which names it looked at."""

    def __init__(self, *apart: set[str], tells: bool = True, runs: int = 99) -> None:
        self.apart = apart
        self.tells = tells
        self.runs = runs

    def __call__(self, loose: frozenset[str]) -> Mapping[str, str]:
        if self.runs == 0:
            raise OutOfRuns
        self.runs -= 1
        for together in self.apart:
            if not together & loose:
                names = " and ".join(sorted(together)) if self.tells else "something"
                raise Conflict(f"{names} cannot be")
        return {name: "2" if name in loose else version for name, version in PINS.items()}


def test_pins_that_go_together_are_left_alone() -> None:
    assert loosen(PINS, Solver()).conflicts == {}


def test_of_two_in_conflict_one_gives_way() -> None:
    found = loosen(PINS, Solver({"a", "b"}))
    assert found.conflicts.keys() == {"b"}
    assert found.versions == {**PINS, "b": "2"}
    assert "a and b" in found.conflicts["b"]


def test_one_conflict_behind_another_is_found() -> None:
    assert loosen(PINS, Solver({"a"}, {"c", "d"})).conflicts.keys() == {"a", "d"}


def test_a_solver_that_names_nothing_is_asked_with_all_loose() -> None:
    assert loosen(PINS, Solver({"c"}, tells=False)).conflicts.keys() == {"c"}


def test_what_is_given_as_loose_is_not_put_back() -> None:
    found = loosen(PINS, Solver({"a", "b"}), loose={"a"})
    assert found.conflicts == {}
    assert found.versions["a"] == "2"


def test_a_conflict_that_no_pin_is_part_of_is_told() -> None:
    with pytest.raises(Conflict, match="z cannot be"):
        loosen(PINS, Solver({"z"}))


def test_a_set_that_was_found_counts_though_no_run_is_left_to_make_it_smaller() -> None:
    assert loosen(PINS, Solver({"a", "b"}, runs=2)).conflicts.keys() == {"a", "b"}


def test_with_no_run_left_to_find_a_set_there_is_none() -> None:
    with pytest.raises(OutOfRuns):
        loosen(PINS, Solver({"a", "b"}, runs=1))
