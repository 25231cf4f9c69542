"""The rule for names of services."""

from __future__ import annotations

import pytest

from acideploy.config import check_service_name


@pytest.mark.parametrize("name", ["abc", "iris-svc", "a--b", "a" * 32, "a1b"])
def test_a_good_name_has_no_problem(name: str) -> None:
    assert check_service_name(name) == ()


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("aci_service_sample", "aci-service-sample"),
        ("MyService", "myservice"),
        ("1abc", "abc"),
        ("abc-", "abc"),
        ("a.b.c", "a-b-c"),
        ("x" * 40, "x" * 32),
        ("ab", None),
        ("", None),
        ("---", None),
        ("abc\n", "abc"),
    ],
)
def test_a_bad_name_is_refused_with_a_better_one(name: str, better: str | None) -> None:
    (problem,) = check_service_name(name)
    assert (problem.code, problem.severity) == ("bad-service-name", "error")
    assert problem.hint == (f"call it {better}" if better else None)
