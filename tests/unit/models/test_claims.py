"""Whatever the order of their calls, one registration gets a version, and the others another."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acideploy.errors import ConflictError
from acideploy.models.claims import Claims
from acideploy.models.repositories import repository_of
from tests.registries import InstantClock
from tests.unit.models.interleaving import (
    NAME,
    PUBLISHED,
    Choose,
    Claimant,
    MemoryRegistry,
    Step,
    Stored,
    every_order,
    run,
)

PAIR = ("a", "b")


# Seconds after which a claim is given up for one that says nothing.
PATIENCE = 30


def versions(claimants: Sequence[Claimant]) -> list[int]:
    return sorted(version for each in claimants for version in each.won)


def assert_prompt(claimants: Sequence[Claimant]) -> None:
    """Nobody waited in vain."""
    assert max(each.seconds for each in claimants) < PATIENCE


@pytest.mark.parametrize("publishes", [True, False])
def test_of_two_that_claim_a_version_one_wins_in_every_order(publishes: bool) -> None:
    def attempt(choose: Choose) -> None:
        claimants = run(PAIR, choose, version=1, publishes=publishes)
        assert versions(claimants) == [1]
        assert_prompt(claimants)

    assert every_order(attempt) > 500


def test_two_never_win_even_where_one_is_slow_for_longer_than_the_other_waits() -> None:
    def attempt(choose: Choose) -> None:
        assert versions(run(PAIR, choose, version=1, patience=False)) in ([], [1])

    assert every_order(attempt) > 1000


def test_two_never_win_where_one_dies_at_any_point() -> None:
    def attempt(choose: Choose) -> None:
        claimants = run(PAIR, choose, version=1, deaths=1)
        assert versions(claimants) in ([], [1])

    assert every_order(attempt) > 1000


class Drawn:
    """Orders of steps as hypothesis draws them."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def __call__(self, steps: Sequence[Step]) -> int:
        return self._data.draw(st.integers(0, len(steps) - 1))


@given(order=st.permutations("abc"), data=st.data())
@settings(max_examples=150, deadline=None)
def test_of_three_that_claim_a_version_one_wins(order: list[str], data: st.DataObject) -> None:
    claimants = run(order, Drawn(data), version=1)
    assert versions(claimants) == [1]
    assert_prompt(claimants)


@given(order=st.permutations("abcd"), data=st.data())
@settings(max_examples=150, deadline=None)
def test_registrations_at_once_get_numbers_without_a_gap(
    order: list[str], data: st.DataObject
) -> None:
    claimants = run(order, Drawn(data))
    assert versions(claimants) == [1, 2, 3, 4]
    assert_prompt(claimants)


@given(order=st.permutations("abc"), data=st.data())
@settings(max_examples=150, deadline=None)
def test_registrations_that_are_slow_still_get_a_number_of_their_own_each(
    order: list[str], data: st.DataObject
) -> None:
    found = versions(run(order, Drawn(data), patience=False))
    assert len(found) == len(set(found)) == 3


@given(order=st.permutations("abc"), data=st.data())
@settings(max_examples=150, deadline=None)
def test_who_dies_costs_its_number_at_the_most(order: list[str], data: st.DataObject) -> None:
    claimants = run(order, Drawn(data), deaths=1)
    found = versions(claimants)
    assert len(found) == len(set(found))
    assert len(found) >= 2
    assert max(found) <= 4


def claims_in(stored: Stored, *, claimant: str | None = None) -> Claims:
    registry = MemoryRegistry(lambda: None, stored)
    return Claims(NAME, registry=registry, clock=InstantClock(), claimant=claimant)


def test_a_version_that_another_tool_wrote_is_nobody_elses() -> None:
    stored: Stored = {repository_of(NAME): {"3": PUBLISHED, "latest": PUBLISHED}}
    assert claims_in(stored).claim_next() == 4
    with pytest.raises(ConflictError, match="version 3 of model iris is taken in memory"):
        claims_in(stored).claim(3)


def test_a_version_that_was_won_is_not_given_again_whatever_became_of_it() -> None:
    stored: Stored = {}
    assert claims_in(stored).claim_next() == 1
    assert claims_in(stored).claim_next() == 2
    with pytest.raises(ConflictError):
        claims_in(stored).claim(1)


def test_who_claimed_a_version_before_may_claim_it_again() -> None:
    stored: Stored = {}
    claims_in(stored, claimant="a").claim(5)
    claims_in(stored, claimant="a").claim(5)
    with pytest.raises(ConflictError):
        claims_in(stored, claimant="b").claim(5)


def test_a_claim_that_was_broken_off_before_its_verdict_is_taken_up() -> None:
    stored: Stored = {}
    claims_in(stored, claimant="a").claim(5)
    [claims] = stored
    del stored[claims]["5.won.a"]
    claims_in(stored, claimant="a").claim(5)
    assert set(stored[claims]) == {"5.claim.a", "5.won.a"}
