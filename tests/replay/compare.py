"""How two answers differ: status, headers, and the shape of JSON with the order of its keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

# Present or absent, these say something; all other headers only have to be there when recorded.
TELLING = ("azure-asyncoperation", "location", "retry-after", "www-authenticate", "link")
# Of the wire, not of the service.
_IGNORED = ("content-length", "transfer-encoding", "connection", "date")


def differences(
    *,
    status: tuple[int, int],
    headers: tuple[Mapping[str, str], Mapping[str, str]],
    body: tuple[Any, Any],
) -> Iterator[str]:
    """One line for each difference. Of each pair the first is recorded, the second is ours."""
    if status[0] != status[1]:
        yield f"status {status[0]}, here {status[1]}{_error(body[1])}"
        return
    yield from _headers(*headers)
    yield from _shape("", *body)


def _error(body: Any) -> str:
    return f": {json.dumps(body)[:200]}" if body else ""


def _headers(recorded: Mapping[str, str], ours: Mapping[str, str]) -> Iterator[str]:
    for name in recorded:
        if name not in ours and name not in _IGNORED:
            yield f"header {name} is missing"
    for name in TELLING:
        if name in ours and name not in recorded:
            yield f"header {name} is not recorded"
    if "content-type" in recorded and recorded["content-type"] != ours.get("content-type"):
        yield f"content-type {recorded['content-type']}, here {ours.get('content-type')}"


def _shape(place: str, recorded: Any, ours: Any) -> Iterator[str]:
    name = place or "body"
    if kind(recorded) != kind(ours):
        yield f"{name} is {kind(recorded)}, here {kind(ours)}"
    elif isinstance(recorded, dict):
        yield from _keys(place, recorded, ours)
    elif isinstance(recorded, list):
        yield from _items(place, recorded, ours)


def _items(place: str, recorded: list[Any], ours: list[Any]) -> Iterator[str]:
    name = place or "body"
    if len(recorded) != len(ours):
        yield f"{name} has {len(recorded)} items, here {len(ours)}"
    pairs = [(str(index), *pair) for index, pair in enumerate(zip(recorded, ours, strict=False))]
    # Azure lists by id where there are no names, and ids are made anew here.
    for member, has_order in (("name", True), ("id", False)):
        named, others = _by(member, recorded), _by(member, ours)
        if named is None or others is None:
            continue
        known = [(each, named[each], others[each]) for each in named if each in others]
        pairs = known or pairs
        if has_order and [each[0] for each in known] != [each for each in others if each in named]:
            yield f"{name} has its items in another order"
        break
    for which, one, other in pairs:
        yield from _shape(f"{place}[{which}]", one, other)


def _by(member: str, items: list[Any]) -> dict[str, Any] | None:
    """Things by a member, where all have one and no two the same."""
    if not all(isinstance(each, dict) and isinstance(each.get(member), str) for each in items):
        return None
    known = {each[member]: each for each in items}
    return known if len(known) == len(items) else None


def _keys(place: str, recorded: dict[str, Any], ours: dict[str, Any]) -> Iterator[str]:
    def at(key: str) -> str:
        return f"{place}.{key}" if place else key

    for key in recorded:
        if key not in ours:
            yield f"{at(key)} is missing"
    for key in ours:
        if key not in recorded:
            yield f"{at(key)} is not recorded"
    both = [key for key in recorded if key in ours]
    if both != [key for key in ours if key in recorded]:
        yield f"{place or 'body'} has its keys in another order"
    for key in both:
        yield from _shape(at(key), recorded[key], ours[key])


def kind(value: Any) -> str:
    """The kind of a JSON value; an integer is not a float here: Azure tells them apart."""
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return "a boolean"
    for kinds, word in ((int, "an integer"), (float, "a float"), (str, "a text")):
        if isinstance(value, kinds):
            return word
    return "an object" if isinstance(value, dict) else "a list"
