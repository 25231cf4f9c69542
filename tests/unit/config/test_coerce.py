"""Reading values of another type."""

from __future__ import annotations

import pytest

from acideploy.config.coerce import coerce
from acideploy.config.document import Scalar
from acideploy.config.problem import Place


def _coerced(value: str | float | bool, *types: str) -> object:
    read = coerce(Scalar(place=Place(file="f"), value=value, text=str(value)), types)
    return None if read is None else read.value


@pytest.mark.parametrize("text", ["true", "True", " yes", "y", "ON", "1"])
def test_text_that_means_true_is_true(text: str) -> None:
    assert _coerced(text, "boolean") is True


@pytest.mark.parametrize("text", ["false", "False", "no", "N", "off", "0"])
def test_text_that_means_false_is_false(text: str) -> None:
    assert _coerced(text, "boolean") is False


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("2", "integer", 2),
        ("2.0", "integer", 2),
        (2.0, "integer", 2),
        ("1e3", "number", 1000.0),
        ("0.5", "number", 0.5),
        (" 4 ", "number", 4),
        (1, "boolean", True),
        (1.10, "string", "1.1"),
        (True, "string", "True"),
    ],
)
def test_one_reading_is_taken(value: str | float, kind: str, expected: object) -> None:
    assert _coerced(value, kind) == expected


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("maybe", "boolean"),
        (2, "boolean"),
        ("1,5", "number"),
        ("2 GB", "number"),
        ("1.5", "integer"),
        (True, "number"),
        (True, "integer"),
        (float("nan"), "number"),
        (float("inf"), "integer"),
        ("1e999", "integer"),
        (10**400, "number"),
    ],
)
def test_without_a_sure_reading_there_is_none(value: str | float | bool, kind: str) -> None:
    assert _coerced(value, kind) is None


def test_a_value_of_the_right_type_stays_as_it_is() -> None:
    assert _coerced("1", "string", "number") == "1"
    assert _coerced(1, "string", "number") == 1
