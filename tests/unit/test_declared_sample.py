from __future__ import annotations

from typing import Any

import pytest

from acideploy.declared_sample import sample_in


def described(**asked: Any) -> Any:
    return {"components": {"schemas": {"ServiceInput": {"type": "object", **asked}}}}


def test_the_samples_of_all_parameters_are_one_request() -> None:
    example = {"data": [[1, 2]], "GlobalParameters": {"method": "predict"}}
    sample = sample_in(described(example=example))
    assert sample == b'{"data": [[1, 2]], "GlobalParameters": {"method": "predict"}}'


@pytest.mark.parametrize("told", [described(example={}), described(), {}, [], None])
def test_a_script_that_declares_nothing_has_no_sample(told: Any) -> None:
    assert sample_in(told) is None
