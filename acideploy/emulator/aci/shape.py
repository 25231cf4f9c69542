"""Reads JSON by a description of its shape: known members only, in the order of the description."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from acideploy.emulator.arm.errors import ArmError


class Kind(enum.Enum):
    TEXT = "a string"
    NUMBER = "a number"
    WHOLE = "an integer"
    FLAG = "a boolean"
    # Anything: it is kept as it is.
    TREE = "an object"


@dataclass(frozen=True)
class Each:
    """An array, each of whose items has this shape."""

    shape: Shape


@dataclass(frozen=True)
class Named:
    """An object with names that the sender chose, each with a value of this shape."""

    shape: Shape


@dataclass(frozen=True)
class OneOf:
    """One of some words, in any case; another word is left for a check to refuse."""

    words: tuple[str, ...]


# The mapping is an object with these members.
Shape: TypeAlias = "Kind | Each | Named | OneOf | Mapping[str, Shape]"


def read(value: object, shape: Shape, path: str) -> Any:
    """The value as the service understands it. Nulls count as not given.

    Raises ArmError (400 InvalidRequestContent) that names the place: `properties.containers[0]`.
    """
    if isinstance(shape, Kind):
        return _plain(value, shape, path)
    if isinstance(shape, OneOf):
        text = _plain(value, Kind.TEXT, path)
        return next((word for word in shape.words if word.lower() == text.lower()), text)
    if isinstance(shape, Each):
        if not isinstance(value, list):
            raise _wrong(path, "an array")
        return [read(item, shape.shape, f"{path}[{n}]") for n, item in enumerate(value)]
    if not isinstance(value, dict):
        raise _wrong(path, "an object")
    if isinstance(shape, Named):
        return {name: read(item, shape.shape, f"{path}.{name}") for name, item in value.items()}
    given = {str(name).lower(): item for name, item in value.items() if item is not None}
    return {
        name: read(given[name.lower()], inner, f"{path}.{name}" if path else name)
        for name, inner in shape.items()
        if name.lower() in given
    }


def _plain(value: object, kind: Kind, path: str) -> Any:
    if kind is Kind.TREE:
        return value
    if kind is Kind.FLAG and isinstance(value, bool):
        return value
    if kind is Kind.TEXT and isinstance(value, str):
        return value
    if kind in (Kind.NUMBER, Kind.WHOLE) and not isinstance(value, bool):
        # Templates write numbers as texts, and the service reads them.
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            raise _wrong(path, kind.value) from None
        if kind is Kind.NUMBER and number - number == 0:
            return number
        if kind is Kind.WHOLE and number.is_integer():
            return int(number)
    raise _wrong(path, kind.value)


def _wrong(path: str, wanted: str) -> ArmError:
    return ArmError(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{path} is not {wanted}'.",
    )
