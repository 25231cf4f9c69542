"""Values of another type than the schema's that can be read in only one way."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from acideploy.config.document import Scalar

TRUE = frozenset({"true", "yes", "y", "on", "1"})
FALSE = frozenset({"false", "no", "n", "off", "0"})
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


def coerce(scalar: Scalar, types: tuple[str, ...]) -> Scalar | None:
    """The scalar as one of these JSON types; None when it cannot be read, or in two ways."""
    for name in types:
        if _is(scalar, name):
            return scalar
    for name in types:
        value = _converted(scalar, name)
        if value is not None:
            return replace(scalar, value=value)
    return None


def _is(scalar: Scalar, name: str) -> bool:
    value = scalar.value
    match name:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            return is_number and _is_finite(value)
    return False


def _converted(scalar: Scalar, name: str) -> str | int | float | bool | None:
    match name:
        case "string":
            return scalar.text
        case "boolean":
            word = scalar.text.strip().lower()
            return True if word in TRUE else False if word in FALSE else None
        case "integer":
            return _integer(_number(scalar))
        case "number":
            return _number(scalar)
    return None


def _number(scalar: Scalar) -> int | float | None:
    """Text that is a decimal number. A boolean is not one."""
    if isinstance(scalar.value, bool) or not NUMBER.fullmatch(scalar.text.strip()):
        return None
    text = scalar.text.strip()
    number = float(text)
    if not math.isfinite(number):
        return None
    return int(text) if text.lstrip("+-").isdigit() else number


def _integer(number: int | float | None) -> int | None:
    if number is None or number != int(number):
        return None
    return int(number)


def _is_finite(value: object) -> bool:
    """Whether arithmetic on it makes sense; an integer may be too large for a float."""
    try:
        return isinstance(value, (int, float)) and math.isfinite(value)
    except OverflowError:
        return False
